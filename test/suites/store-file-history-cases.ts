import { expect, it } from 'vitest'
import type { CheckpointRecord, FileState, SnapshotRecord } from '../../src/sessions/ports/index.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, tenantId, turnRecord } from './store-records.ts'

const text: FileState = { hash: 'aa', size: 3, mode: 0o644, kept: true }

function snapshotOf(session: SessionRecord, turnId: string | null, tree: string | null): SnapshotRecord {
  const missing = tree === null ? 'no_repository' : null
  return { tenantId: session.tenantId, sessionId: session.id, turnId, tree, missing, takenAt: 5 }
}

function checkpointOf(
  session: SessionRecord,
  turnId: string,
  path: string,
  more: Partial<CheckpointRecord> = {},
): CheckpointRecord {
  const { tenantId, id } = session
  return {
    ...{ tenantId, sessionId: id, turnId, path, before: text, after: null, disturbed: false, takenAt: 5 },
    ...more,
  }
}

/** Which snapshots and kept files there are. */
export function fileHistoryCases(context: StoreContext): void {
  const history = () => context.store.fileHistory

  async function withTurns(count: number) {
    const session = await context.addSession()
    const turns = []
    for (let number = 0; number < count; number++) {
      const turn = turnRecord(session, { status: 'completed' })
      await context.store.commit(changeOf(session, { insertTurn: turn }))
      turns.push(turn.id)
    }
    return { session, turns: turns as [string, string, string] }
  }

  it('finds the first snapshot since a turn or since the session, in the order of turns', async () => {
    const { session, turns } = await withTurns(2)
    const find = async (since: string | null) =>
      (await history().findSnapshot(tenantId, session.id, since))?.tree
    expect(await find(null)).toBeUndefined()
    expect(await history().saveSnapshot(snapshotOf(session, turns[1], 'second'))).toBe(true)
    expect(await history().saveSnapshot(snapshotOf(session, turns[1], 'again'))).toBe(false)
    expect(await history().saveSnapshot(snapshotOf(session, null, 'after'))).toBe(true)
    expect(await find(null)).toBe('second')
    expect(await find(turns[0])).toBe('second')
    await history().saveSnapshot(snapshotOf(session, turns[0], null))
    expect(await history().findSnapshot(tenantId, session.id, null)).toMatchObject({
      tree: null,
      missing: 'no_repository',
      turnId: turns[0],
    })
    expect(await find(turns[1])).toBe('second')
    expect(await history().hasSnapshot(tenantId, session.id, turns[1])).toBe(true)
    expect(await history().hasSnapshot(tenantId, session.id, 'unknown')).toBe(false)
    expect(await history().findSnapshot('other', session.id, null)).toBeUndefined()
    expect(await history().findSnapshot(tenantId, session.id, 'unknown')).toBeUndefined()
  })

  it('keeps one checkpoint for a turn and a file, as it was stored last', async () => {
    const { session, turns } = await withTurns(3)
    const paths = async (since: string | null) =>
      (await history().listCheckpoints(tenantId, session.id, since)).map(({ path, turnId }) => [
        path,
        turns.indexOf(turnId),
      ])
    await history().saveCheckpoint(checkpointOf(session, turns[1], '/b'))
    await history().saveCheckpoint(checkpointOf(session, turns[1], '/a'))
    await history().saveCheckpoint(checkpointOf(session, turns[0], '/b'))
    const last = checkpointOf(session, turns[1], '/b', { after: text, disturbed: true })
    await history().saveCheckpoint(last)
    expect(await history().findCheckpoint(tenantId, session.id, turns[1], '/b')).toEqual(last)
    expect(await paths(null)).toEqual([
      ['/b', 0],
      ['/a', 1],
      ['/b', 1],
    ])
    expect(await paths(turns[1])).toHaveLength(2)
    expect(await paths(turns[2])).toEqual([])
    expect(await history().listCheckpoints('other', session.id, null)).toEqual([])
    await history().removeCheckpoints(tenantId, session.id, turns[1], ['/b'])
    expect(await paths(null)).toEqual([
      ['/b', 0],
      ['/a', 1],
    ])
  })

  it('lists what is kept of sessions that ended before a time, until it is removed', async () => {
    const { session, turns } = await withTurns(1)
    await context.addSession({ status: 'ended', endedAt: 10 })
    await history().saveCheckpoint(checkpointOf(session, turns[0], '/a'))
    expect(await history().listFileHistories(100, 10)).toEqual([])
    await context.store.commit(changeOf(session, { session: { status: 'ended', endedAt: 50 } }))
    expect(await history().listFileHistories(49, 10)).toEqual([])
    expect(await history().listFileHistories(50, 10)).toEqual([{ tenantId, sessionId: session.id }])
    await history().removeFileHistory(tenantId, session.id)
    expect(await history().listFileHistories(100, 10)).toEqual([])
    expect(await history().listCheckpoints(tenantId, session.id, null)).toEqual([])
  })

  it('counts the sessions of a directory and keeps what was made for them', async () => {
    const workspace = { type: 'empty', path: '/own/x', removeOnEnd: true } as const
    const session = await context.addSession({ cwd: '/own/x', workspace })
    await context.addSession({ cwd: '/own/x', status: 'ended', endedAt: 5 })
    await context.addSession({ cwd: '/own/xy' })
    expect(await history().countSessionsIn('/own/x')).toEqual({ active: 1, total: 2 })
    expect(await context.findSession(session)).toMatchObject({ workspace })
  })
}

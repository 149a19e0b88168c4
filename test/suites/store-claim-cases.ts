import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Fence, TranscriptKey } from '../../src/sessions/ports/index.ts'
import { SessionFenced, type SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId, turnRecord } from './store-records.ts'

const node = { url: 'http://127.0.0.1:1', version: '1.0.0', slotsFree: 4, volumes: ['local'] }
/** Longer than a test. */
const longMs = 3_600_000

/** What the ports `NodeStore` and `ClaimStore` promise, and the fences of changes. */
export function claimCases(context: StoreContext): void {
  async function join(id: string = randomUUID(), leaseMs = longMs): Promise<string> {
    await context.store.nodes.join({ ...node, id }, leaseMs)
    return id
  }
  const claim = (session: SessionRecord, owner: string) =>
    context.store.claims.claimSession(session.tenantId, session.id, owner)
  const ownerOf = async (session: SessionRecord) =>
    (await context.store.claims.findPlacement(session.tenantId, session.id))?.owner
  const write = (session: SessionRecord, fence: Fence | undefined, change: object = {}) =>
    context.store.commit(changeOf(session, { events: [messageEvent('a')], ...change, fence }))

  test('a node lives while its lease is renewed, and a dead one never again', async () => {
    const { nodes } = context.store
    const [stays, leaves, expires] = [await join(), await join(), await join(randomUUID(), 1)]
    await nodes.drain(stays)
    expect(await nodes.renew(stays, longMs, 2)).toBe(true)
    await nodes.leave(leaves)
    expect(await nodes.renew(leaves, longMs, 2)).toBe(false)
    await expect.poll(() => nodes.buryExpired(), { timeout: 60_000 }).toEqual([expires])
    expect(await nodes.renew(expires, longMs, 2)).toBe(false)
    await nodes.drain(expires)
    expect(await nodes.listNodes()).toEqual([{ ...node, id: stays, state: 'draining', slotsFree: 2 }])
    await expect(join(expires)).rejects.toThrow()
  })

  test('the row of a dead node is kept as long as it owns a session', async () => {
    const session = await context.addSession()
    const gone = await join()
    await claim(session, gone)
    await context.store.nodes.leave(gone)
    await context.store.nodes.forgetDead()
    await expect(join(gone)).rejects.toThrow()
    const heir = await join()
    await claim(session, heir)
    await context.store.nodes.forgetDead()
    await join(gone)
  })

  test('a session is claimed from nobody and from the dead, never from a node that lives', async () => {
    const session = await context.addSession()
    const [one, other] = [await join(), await join()]
    expect(await ownerOf(session)).toBe(null)
    expect(await claim(session, one)).toEqual({ owner: one, epoch: 1 })
    expect(await claim(session, one)).toEqual({ owner: one, epoch: 2 })
    expect(await claim(session, other)).toBeUndefined()
    expect(await ownerOf(session)).toBe(one)
    await context.store.nodes.drain(one)
    expect(await claim(session, other)).toBeUndefined()
    await context.store.nodes.leave(one)
    expect(await claim(session, other)).toEqual({ owner: other, epoch: 3 })
    expect(await context.store.claims.claimSession('another', session.id, one)).toBeUndefined()
    expect(await context.store.claims.findPlacement('another', session.id)).toBeUndefined()
    expect(await context.store.claims.claimSession(tenantId, randomUUID(), one)).toBeUndefined()
  })

  test('a session can have an owner from its beginning, and the place of its directory', async () => {
    const owner = await join()
    const session = sessionRecord()
    const fence = { owner, epoch: 1 }
    const placement = { fence, volume: 'disk' }
    await context.store.createSession(session, [], 10_000, undefined, undefined, undefined, placement)
    expect(await context.store.claims.findPlacement(session.tenantId, session.id)).toEqual({
      owner,
      volume: 'disk',
      isActive: true,
    })
    await expect(write(session, undefined)).resolves.toHaveLength(1)
    await expect(write(session, fence)).resolves.toHaveLength(1)
    await context.store.nodes.leave(owner)
    expect(await claim(session, await join())).toMatchObject({ epoch: 2 })
    await expect(write(session, fence)).rejects.toThrow(SessionFenced)
  })

  test('what dead nodes and those that left have not finished is listed and claimed as a whole', async () => {
    const { claims, nodes } = context.store
    const [dead, lives, heir] = [await join(), await join(), await join()]
    const sessions = await Promise.all(Array.from({ length: 5 }, () => context.addSession()))
    const [ofDead, ofLiving, released, quiet, taken] = sessions as [SessionRecord, ...SessionRecord[]] &
      SessionRecord[]
    const fences = new Map<string, Fence>()
    for (const [session, owner] of [
      [ofDead, dead],
      [ofLiving, lives],
      [released, dead],
      [quiet, dead],
      [taken, dead],
    ] as const) {
      const fence = (await claim(session as SessionRecord, owner)) as Fence
      fences.set((session as SessionRecord).id, fence)
      if (session !== quiet)
        await write(session as SessionRecord, fence, { insertTurn: turnRecord(session as SessionRecord) })
    }
    expect((await claims.listOrphans(100)).filter(({ sessionId }) => fences.has(sessionId))).toEqual([])
    await claims.releaseAll(dead, [(ofDead as SessionRecord).id, (taken as SessionRecord).id])
    await nodes.leave(dead)
    const orphans = (await claims.listOrphans(100)).filter(({ sessionId }) => fences.has(sessionId))
    expect(new Set(orphans.map(({ sessionId }) => sessionId))).toEqual(
      new Set([ofDead, released, taken].map(session => session?.id)),
    )
    expect(await claims.listOrphans(1)).toHaveLength(1)
    await claim(taken as SessionRecord, lives)
    const claimed = await claims.claimOrphans(orphans, heir)
    expect(claimed).toEqual(
      new Map([ofDead, released].map(session => [session?.id, { owner: heir, epoch: 2 }])),
    )
    expect(await ownerOf(ofLiving as SessionRecord)).toBe(lives)
    expect(await claims.claimOrphans([], heir)).toEqual(new Map())
  })

  test('of many that claim at once one gets it', async () => {
    const session = await context.addSession()
    const nodes = await Promise.all(Array.from({ length: 8 }, () => join()))
    const claims = await Promise.all(nodes.map(id => claim(session, id)))
    const got = claims.filter(fence => fence !== undefined)
    expect(got).toMatchObject([{ epoch: 1 }])
    expect(await ownerOf(session)).toBe(got[0]?.owner)
  })

  test('a session is given back by its owner alone', async () => {
    const session = await context.addSession()
    const [one, other] = [await join(), await join()]
    const first = (await claim(session, one)) as Fence
    await context.store.claims.releaseSession(session.id, first)
    expect(await ownerOf(session)).toBe(null)
    const second = (await claim(session, other)) as Fence
    await context.store.claims.releaseSession(session.id, first)
    await context.store.claims.releaseSession(session.id, { ...second, epoch: 1 })
    expect(await ownerOf(session)).toBe(other)
  })

  test('a session is pinned by its owner alone, and has no snapshot from then on', async () => {
    const { claims } = context.store
    const session = await context.addSession()
    const late = (await claim(session, await join())) as Fence
    const snapshot = { id: 'newest', node: 'one', takenAt: 1, restored: null }
    await write(session, late, { session: { snapshot } })
    const stored = () => context.store.findSession(tenantId, session.id)
    expect(await stored()).toMatchObject({ snapshot })
    await claims.releaseSession(session.id, late)
    const fence = (await claim(session, await join())) as Fence
    expect(await claims.pinSession(session.id, late, 'node:one')).toBe(false)
    expect(await stored()).toMatchObject({ snapshot })
    expect(await claims.pinSession(session.id, fence, 'node:two')).toBe(true)
    expect(await stored()).toMatchObject({ snapshot: null })
    expect(await claims.findPlacement(tenantId, session.id)).toMatchObject({ volume: 'node:two' })
  })

  test.each([
    ['an event', () => ({})],
    ['a change of the session', () => ({ session: { title: 'late' } })],
    [
      'the newest snapshot',
      () => ({ session: { snapshot: { id: 'late', node: 'late', takenAt: 1, restored: null } } }),
    ],
    [
      'lines of a transcript',
      (part: TranscriptKey) => ({ transcript: [{ part, entries: [{ type: 'user', uuid: randomUUID() }] }] }),
    ],
  ])('%s of an owner that lost the session changes nothing', async (_, toChange) => {
    const session = await context.addSession()
    const part = { tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
    const change = toChange(part)
    const { transcripts } = context.store
    const one = await join()
    const first = (await claim(session, one)) as Fence
    await write(session, first, change)
    await context.store.nodes.leave(one)
    const second = (await claim(session, await join())) as Fence
    await write(session, second)
    const before = await context.eventsOf(session)
    const lines = await transcripts.loadTranscript(part)
    const stale: Fence[] = [first, { ...first, epoch: 2 }, { ...second, epoch: 1 }]
    for (const fence of stale) {
      const late = write(session, fence, { ...toChange(part), insertTurn: turnRecord(session) })
      await expect(late).rejects.toThrow(SessionFenced)
      await expect(write(session, fence)).rejects.toMatchObject({ sessionId: session.id })
    }
    expect(await context.eventsOf(session)).toEqual(before)
    expect(await transcripts.loadTranscript(part)).toEqual(lines)
    expect((await context.store.listTurns(tenantId, session.id, { limit: 10, offset: 0 })).total).toBe(0)
    expect((await write(session, second)).at(-1)).toMatchObject({ sequence: before.length + 1 })
  })

  test('lines that are appended by themselves are fenced where the session is another owner’s', async () => {
    const session = await context.addSession()
    const part = { tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
    const { transcripts, claims } = context.store
    const append = (fence: Fence, sessionId = session.id) =>
      transcripts.appendTranscript(part, [{ type: 'user', uuid: randomUUID() }], { ...fence, sessionId })
    const first = (await claim(session, await join())) as Fence
    await append(first)
    await claims.releaseSession(session.id, first)
    await expect(append(first)).rejects.toThrow(SessionFenced)
    await expect(write(session, first)).rejects.toThrow(SessionFenced)
    const second = (await claim(session, await join())) as Fence
    for (const fence of [first, { ...first, epoch: 2 }, { ...second, epoch: 1 }]) {
      await expect(append(fence)).rejects.toThrow(SessionFenced)
    }
    await expect(append(second, randomUUID())).rejects.toThrow('There is no session')
    expect(await transcripts.loadTranscript(part)).toHaveLength(1)
    await append(second)
    await transcripts.appendTranscript(part, [{ type: 'user', uuid: randomUUID() }])
    expect(await transcripts.loadTranscript(part)).toHaveLength(3)
  })

  test('what is fenced keeps no other session from being written', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => context.addSession()))
    const one = await join()
    const fences = await Promise.all(sessions.map(session => claim(session, one)))
    const wrong = fences.map((fence, index) => (index % 3 === 0 && fence ? { ...fence, epoch: 9 } : fence))
    const results = await Promise.allSettled(sessions.map((session, index) => write(session, wrong[index])))
    expect(results.map(({ status }) => status)).toEqual(
      sessions.map((_, index) => (index % 3 === 0 ? 'rejected' : 'fulfilled')),
    )
    for (const [index, session] of sessions.entries()) {
      expect(await context.eventsOf(session)).toHaveLength(index % 3 === 0 ? 0 : 1)
    }
  })

  test('a fenced change of a session that is not there says so', async () => {
    const session = await context.addSession()
    const missing = { ...session, id: randomUUID() }
    const lost = write(missing, { owner: 'a', epoch: 1 })
    await expect(lost).rejects.toThrow('There is no session')
  })
}

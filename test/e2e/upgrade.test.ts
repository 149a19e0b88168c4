import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { type ClusterNode, killNode } from '../support/cluster.ts'
import { endsLater } from '../support/lifetime.ts'
import { until } from '../support/open-sessions.ts'
import { openPrograms, type Program, stop } from '../support/programs.ts'

const messagesOf = async ({ call }: ClusterNode, id: string) =>
  (await call('GET', `/sessions/${id}/messages`)).body.messages
const turnOf = async ({ call }: ClusterNode, id: string, turnId: string) =>
  (await call('GET', `/sessions/${id}/turns/${turnId}`)).body

/** All that a program says about a session. */
async function read(server: ClusterNode, id: string) {
  const of = async (path: string) => (await server.call('GET', `/sessions/${id}${path}`)).body
  // The program before knows no presets.
  const { state: _, preset: __, ...session } = await of('')
  return {
    session,
    messages: await messagesOf(server, id),
    turns: (await of('/turns')).turns,
    usage: await of('/usage'),
  }
}

async function answers(server: ClusterNode, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect((await server.ask(id, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
}

describe('the program before nodes, on a database that this one has migrated', () => {
  test('both read and continue what the other has written, in turn', async () => {
    const { start } = await openPrograms()
    const ids: string[] = []
    let known: Awaited<ReturnType<typeof read>>[] = []
    const order: Program[] = ['alone', 'before', 'node', 'before', 'alone', 'node']
    for (const [round, program] of order.entries()) {
      const server = await start(program)
      const found = await Promise.all(ids.map(id => read(server, id)))
      expect(found).toEqual(known.map(each => expect.objectContaining(each)))
      ids.push(await server.createSession({ title: `made by ${program} in round ${round}` }))
      // The session of the program before, and its own.
      await answers(server, ids.slice(-2))
      const { body: listed } = await server.call('GET', '/sessions')
      expect(listed.total).toBe(ids.length)
      known = await Promise.all(ids.map(id => read(server, id)))
      expect(known.map(({ turns }) => turns.length)).toEqual(ids.map((_, made) => (made === round ? 1 : 2)))
      expect(await stop(server)).toBe(0)
    }
  })

  test('each settles what the other leaves when it is killed', async () => {
    const { start, model } = await openPrograms()
    const held = Promise.withResolvers<void>()
    endsLater(() => held.resolve())
    model.script('never ends', text('one', { holdUntil: held.promise }))
    const leave = async (server: ClusterNode) => {
      const id = await server.createSession()
      const turns: string[] = []
      for (const prompt of ['this never ends', 'hello']) {
        turns.push((await server.ask(id, prompt, { background: true })).body.turnId)
      }
      await until(async () => (await turnOf(server, id, turns[0] ?? '')).status === 'running')
      await killNode(server)
      return { id, turns }
    }
    const settles = async (server: ClusterNode, { id, turns }: { id: string; turns: string[] }) => {
      const [running = '', queued = ''] = turns
      await until(async () => (await turnOf(server, id, queued)).status === 'completed')
      expect((await turnOf(server, id, running)).error.reason).toBe('lost')
      await answers(server, [id])
    }
    /** A killed program may still live, as far as another one knows: started again until its lease is over. */
    const startAgain = async (program: Program, refusal: RegExp) => {
      for (;;) {
        const started = await start(program).catch(error => String(error))
        if (typeof started !== 'string') return started
        expect(started).toMatch(refusal)
      }
    }
    const leftBefore = await leave(await start('before'))
    const node = await startAgain('node', /is in use by process \d+ on /)
    await settles(node, leftBefore)
    const leftByNode = await leave(node)
    await settles(await startAgain('before', /nodes are running: http/), leftByNode)
  })
})

describe('a roll from one server to nodes', () => {
  test('stops the server before the first node starts; neither starts beside the other', async () => {
    const { start } = await openPrograms()
    const before = await start('before')
    const id = await before.createSession({ title: 'older than nodes' })
    await answers(before, [id])
    await expect(start('node', 'b')).rejects.toThrow(/is in use by process \d+ on /)
    await answers(before, [id])
    expect(await stop(before)).toBe(0)

    const a = await start('node', 'a')
    await answers(a, [id])
    const nodes = [a, ...(await Promise.all([start('node', 'b'), start('node', 'c')]))]
    for (const node of nodes) {
      expect((await node.call('GET', `/sessions/${id}`)).body.title).toBe('older than nodes')
      await answers(node, [id])
    }
    await expect(start('before', 'd')).rejects.toThrow(/nodes are running: http:\/\/127\.0\.0\.1:\d+/)
    await expect(start('alone', 'd')).rejects.toThrow(/is in use by the node http:\/\/127\.0\.0\.1:\d+/)
    for (const node of nodes) await answers(node, [id])

    const known = await read(a, id)
    expect(await Promise.all(nodes.map(stop))).toEqual([0, 0, 0])
    const again = await start('before')
    expect(known).toMatchObject(await read(again, id))
    await answers(again, [id])
  })
})

describe('a roll of nodes to a later version', () => {
  test('that admits this one: both serve all sessions until the last is replaced', async () => {
    const { start } = await openPrograms()
    const first = await start('node', 'a')
    const second = await start('node', 'b')
    const id = await first.createSession()
    await answers(first, [id])
    // Statements of these nodes are prepared before the tables change.
    await answers(second, [id, await second.createSession()])
    await expect(start('later node, not admitting', 'c')).rejects.toThrow(
      /"900-of-a-later-version", which nodes of an older program do not admit/,
    )
    expect(await stop(first)).toBe(0)
    const third = await start('later node', 'a')
    await answers(third, [id])
    const made = await third.createSession()
    for (const node of [second, third]) await answers(node, [made, id, await node.createSession()])
    expect(await stop(second)).toBe(0)
    await answers(third, [made, id])
    const back = await start('node', 'b')
    await answers(back, [made, id])
  })

  test('that does not admit it: begins when all are stopped, and none of this version starts again', async () => {
    const { start } = await openPrograms()
    const node = await start('node')
    const id = await node.createSession()
    await answers(node, [id])
    expect(await stop(node)).toBe(0)
    const later = await start('later node, not admitting')
    await answers(later, [id])
    for (const program of ['node', 'alone', 'before'] as const) {
      await expect(start(program, 'b')).rejects.toThrow('is newer than this program')
    }
    await answers(later, [id])
  })
})

import { inject } from 'vitest'
import { describe, expect, test } from 'vitest'
import { parseFrames } from '../support/client.ts'
import { type ClusterNode, killNode, startNode } from '../support/cluster.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { cheapStart, claudeEnvironment, openModel } from '../support/real-claude.ts'

async function openCluster(names: string[], options: object = {}) {
  const database = await createDatabase(inject('postgresDirectory'))
  endsLater(database.drop)
  const model = await openModel()
  const home = temporaryDirectory()
  const shared = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), ...cheapStart }
  const start = (name: string) => startNode(name, { database, home, shared, env, options })
  const nodes = await Promise.all(names.map(start))
  return { nodes, model, shared, start, database }
}

describe('several nodes', () => {
  test('any node answers for any session', async () => {
    const dbg = (n: ClusterNode) => n.cli.ended.then(() => console.log(n.name, n.cli.stderr().slice(-3000)))
    const { nodes } = await openCluster(['a', 'b', 'c'])
    const [a, b, c] = nodes as [ClusterNode, ClusterNode, ClusterNode]
    for (const n of nodes) void dbg(n)
    const id = await a.createSession({ title: 'shared' })
    const asked = await b.ask(id, 'Remember that the sky is green')
    expect(asked.body).toMatchObject({ status: 'completed' })
    for (const node of nodes) {
      expect((await node.call('GET', `/sessions/${id}`)).body).toMatchObject({ title: 'shared' })
      expect((await node.call('GET', `/sessions/${id}/messages`)).body.messages.length).toBeGreaterThan(1)
    }
    const events: string[] = []
    for await (const { event } of c.stream(id, { prompt: 'hello' })) events.push(event)
    expect(events[0]).toBe('connected')
    expect(events.at(-1)).toBe('complete')
    expect(events).toContain('delta')
    expect((await c.call('DELETE', `/sessions/${id}`)).status).toBe(204)
    expect((await b.ask(id, 'more')).body.error.code).toBe('SESSION_ENDED')
  })

  test('a node that dies is replaced: readers stay, waiting turns run, running ones are lost', async () => {
    const { nodes, model } = await openCluster(['a', 'b', 'c'])
    const [a, b, c] = nodes as [ClusterNode, ClusterNode, ClusterNode]
    const id = await a.createSession()
    model.script(/wait for ever/, { hang: true } as never)
    void a
    void b
    void c
    void killNode
    void parseFrames
    void id
  })
})

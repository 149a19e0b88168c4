import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { createClient, parseFrames, type SseFrame } from '../support/client.ts'
import { type ClusterNode, clusterKey, killNode, startNode } from '../support/cluster.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { claudesOf } from '../support/processes.ts'
import { cheapStart, claudeEnvironment, openModel } from '../support/real-claude.ts'

type Three = [ClusterNode, ClusterNode, ClusterNode]

async function openCluster(options: object = {}) {
  const database = await createDatabase(inject('postgresDirectory'))
  endsLater(database.drop)
  const model = await openModel()
  const home = temporaryDirectory()
  const shared = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), ...cheapStart }
  // Longer than a busy machine lets a node wait for its turn.
  const leaseMs = 8_000
  const start = (name: string) => startNode(name, { database, home, shared, env, leaseMs, options })
  const nodes = (await Promise.all(['a', 'b', 'c'].map(start))) as Three
  return { nodes, model, shared, start, database }
}

const turnOf = async (node: ClusterNode, id: string, turnId: string) =>
  (await node.call('GET', `/sessions/${id}/turns/${turnId}`)).body
const submit = async (node: ClusterNode, id: string, prompt: string): Promise<string> =>
  (await node.ask(id, prompt, { background: true })).body.turnId

/** Reads a stream into a list, until it ends. */
async function collect(frames: AsyncIterable<SseFrame>, into: SseFrame[]): Promise<void> {
  for await (const frame of frames) into.push(frame)
}

async function follow(node: ClusterNode, id: string, query = 'includeDeltas=true') {
  const leaving = new AbortController()
  const response = await node.send('GET', `/sessions/${id}/events?${query}`, undefined, {
    signal: leaving.signal,
  })
  const frames: SseFrame[] = []
  const over = collect(parseFrames(response), frames).catch(() => undefined)
  endsLater(async () => {
    leaving.abort()
    await over
  })
  return frames
}

/** The sequences of what a reader has got, which must have neither a hole nor a repeat. */
const sequencesOf = (frames: readonly SseFrame[]) =>
  frames.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))

function expectWhole(frames: readonly SseFrame[]): void {
  const sequences = sequencesOf(frames)
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 1) + index))
}

describe('several nodes', () => {
  test('any node answers for any session', async () => {
    const { nodes, model } = await openCluster({ doors: ['openai'] })
    const [a, b, c] = nodes
    const id = await a.createSession({ title: 'shared' })
    const asked = await b.ask(id, 'Remember that the sky is green')
    expect(asked.body).toMatchObject({ stopReason: 'end_turn' })
    for (const node of nodes) {
      expect((await node.call('GET', `/sessions/${id}`)).body).toMatchObject({ title: 'shared' })
      expect((await node.call('GET', `/sessions/${id}/messages`)).body.messages.length).toBeGreaterThan(1)
    }
    const seen = Promise.withResolvers<void>()
    model.script(
      'in pieces',
      text('first then second', { fragmentSize: 6, holdAfterFragments: 1, holdUntil: seen.promise }),
    )
    const events: string[] = []
    for await (const { event } of c.stream(id, { prompt: 'in pieces', includeDeltas: true })) {
      events.push(event)
      if (event === 'delta') seen.resolve()
    }
    expect(events[0]).toBe('connected')
    expect(events).toContain('delta')
    expect(events.at(-1)).toBe('complete')
    // Through a door of any node, one conversation: each continues the response before.
    model.script('how many', ({ history }) => text(`${history.length + 1}`))
    const headers = { authorization: `Bearer ${clusterKey}`, 'content-type': 'application/json' }
    let previous_response_id: string | undefined
    for (const [index, { url }] of nodes.entries()) {
      const body = JSON.stringify({ model: 'claude-code', input: 'how many', previous_response_id })
      const response = await fetch(`${url}/api/v1/doors/openai/v1/responses`, {
        method: 'POST',
        headers,
        body,
      })
      const answered = (await response.json()) as { id: string; output: { content?: { text: string }[] }[] }
      expect([response.status, answered.output.at(-1)?.content?.[0]?.text]).toEqual([200, `${index + 1}`])
      previous_response_id = answered.id
    }
    const upload = { body: 'text of a file', headers: { 'content-type': 'text/plain' } }
    const path = `/sessions/${id}/files/content?path=note.txt`
    expect((await b.call('PUT', path, undefined, upload)).status).toBe(201)
    expect(await (await c.send('GET', path)).text()).toBe('text of a file')
    expect((await c.call('PATCH', `/sessions/${id}`, { title: 7 })).body.error.details.issues[0].path).toBe(
      'title',
    )
    expect((await b.call('GET', '/sessions/nonsense')).status).toBe(404)
    expect((await c.call('DELETE', `/sessions/${id}`)).status).toBe(204)
    expect((await b.ask(id, 'more')).body.error.code).toBe('SESSION_ENDED')
  })

  test('a key works at the node of the session at once, and until it is revoked', async () => {
    const { nodes } = await openCluster()
    const [a, b, c] = nodes
    const id = await a.createSession()
    const made = []
    for (const front of [b, c, b, c]) {
      const scopes = ['sessions:read', 'sessions:write']
      const { key, keyId } = (await b.call('POST', '/keys', { name: 'new', scopes })).body
      const other = createClient(`${front.url}/api/v1`, key)
      expect((await other.call('PATCH', `/sessions/${id}`, { title: keyId })).body).toMatchObject({
        title: keyId,
      })
      made.push({ other, keyId })
    }
    const [one] = made
    if (!one) throw new Error('No key was made')
    const response = await one.other.send('GET', `/sessions/${id}/events`)
    const frames: SseFrame[] = []
    const over = collect(parseFrames(response), frames)
    await until(() => frames.length > 0)
    expect((await a.call('DELETE', `/keys/${one.keyId}`)).status).toBe(204)
    await over
    expect(frames.at(-1)?.event).toBe('closing')
    await until(async () => (await one.other.call('PATCH', `/sessions/${id}`, { title: 'x' })).status === 403)
  })

  test('a node that dies is replaced: readers stay, waiting turns run, the running one is lost', async () => {
    const { nodes, model } = await openCluster()
    const [a, b, c] = nodes
    const id = await a.createSession()
    const held = Promise.withResolvers<void>()
    endsLater(() => held.resolve())
    model.script(
      'never ends',
      text('one two three four '.repeat(9), { holdUntil: held.promise, holdAfterFragments: 2 }),
    )
    const reader = await follow(b, id)
    const lost = await submit(b, id, 'this never ends')
    const streamed: SseFrame[] = []
    await until(() => reader.some(({ event }) => event === 'delta'))
    const waits = await submit(c, id, 'hello')
    const stream = collect(b.stream(id, { prompt: 'hello again' }), streamed)
    await until(() => streamed.length > 0)
    await killNode(a)
    await stream
    expect(streamed.at(-1)).toMatchObject({ event: 'complete' })
    expect((await turnOf(b, id, lost)).error.reason).toBe('lost')
    expect(await turnOf(c, id, waits)).toMatchObject({ status: 'completed' })
    await until(() => reader.filter(({ event }) => event === 'turn.completed').length === 2)
    expectWhole(reader)
    const events = reader.map(({ event }) => event)
    expect(events.indexOf('delta.voided')).toBeGreaterThan(events.indexOf('delta'))
    expect(events.filter(event => event === 'turn.lost')).toHaveLength(1)
    expect(events).not.toContain('closing')
    expect((await c.ask(id, 'and now')).body).toMatchObject({ stopReason: 'end_turn' })
  })

  test('asked on one node, which is killed, and answered on another: continues at the same call', async () => {
    const { nodes, model, shared } = await openCluster({ permissionParkMs: 50 })
    const [a, b, c] = nodes
    const file = (name: string) => join(shared, `${name}.txt`)
    const hookEventName = 'PreToolUse'
    const kinds = {
      tool: { settings: { permissionPrompts: 'ask' }, answer: { decision: 'allow' } },
      client_tool: { settings: { clientTools: [{ name: 'find' }] }, answer: { result: 'found' } },
      hook: {
        settings: {
          clientHooks: { [hookEventName]: [{ timeoutMs: 600_000 }] },
          permissionMode: 'acceptEdits',
        },
        answer: { output: { hookSpecificOutput: { hookEventName, additionalContext: 'as planned' } } },
      },
    }
    const asked = await Promise.all(
      Object.entries(kinds).map(async ([kind, { settings, answer }]) => {
        const seen = { calls: 0, results: [] as boolean[] }
        model.script(`do ${kind}`, ({ round, toolResults }) => {
          if (round === 0) seen.calls++
          else seen.results.push(...toolResults.map(({ isError }) => isError))
          if (round > 0) return text('done')
          if (kind === 'client_tool') return toolUse('mcp__client__find', {})
          return toolUse('Write', { file_path: file(kind), content: 'written' })
        })
        const id = await a.createSession(settings)
        return { kind, id, answer, seen, turnId: await submit(a, id, `do ${kind}`) }
      }),
    )
    const pending = async (node: ClusterNode, id: string) =>
      (await node.call('GET', `/sessions/${id}/permissions`)).body.permissions
    for (const { id } of asked) {
      await until(async () => (await pending(b, id)).length === 1)
      await until(() => claudesOf(a.cli.child.pid ?? 0, id).length === 0)
    }
    await killNode(a)
    for (const { kind, id, answer, seen, turnId } of asked) {
      const [{ permissionId, kind: found }] = await pending(b, id)
      expect(found).toBe(kind)
      const answered = await c.call('POST', `/sessions/${id}/permissions/${permissionId}`, answer)
      expect(answered.status).toBe(200)
      await until(async () => (await turnOf(b, id, turnId)).status === 'completed')
      expect([kind, seen]).toEqual([kind, { calls: 1, results: [false] }])
      expect(existsSync(file(kind))).toBe(kind !== 'client_tool')
    }
  })

  test('a node that is stopped in order gives its sessions back: nothing is lost', async () => {
    const { nodes, model, start } = await openCluster({ drainTimeoutMs: 120_000 })
    const [a, b, c] = nodes
    const ids = await Promise.all([a, a, a, a].map(node => node.createSession()))
    const [busy = '', queued = '', quiet = '', streamed = ''] = ids
    const held = Promise.withResolvers<void>()
    model.script('takes its time', text('at last', { holdUntil: held.promise }))
    const running = await submit(b, busy, 'this takes its time')
    const first = await submit(b, queued, 'this takes its time')
    const second = await submit(c, queued, 'hello')
    const reader = await follow(b, streamed)
    for (const [id, turnId] of [
      [busy, running],
      [queued, first],
    ] as const) {
      await until(async () => (await turnOf(b, id, turnId)).status === 'running')
    }
    a.cli.child.kill('SIGTERM')
    // Sessions with nothing to do move while the others still run.
    expect((await c.ask(quiet, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
    expect((await turnOf(b, busy, running)).status).toBe('running')
    held.resolve()
    expect(await a.cli.ended).toBe(0)
    for (const [id, turnId] of [
      [busy, running],
      [queued, first],
      [queued, second],
    ] as const) {
      await until(async () => (await turnOf(c, id, turnId)).status === 'completed')
    }
    expect((await b.ask(streamed, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
    await until(() => reader.some(({ event }) => event === 'turn.completed'))
    expectWhole(reader)
    const again = await start('a')
    expect((await again.ask(busy, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
  })

  test('a node that was stopped for longer than its lease joins again', async () => {
    const { nodes, model } = await openCluster()
    const [a, b] = nodes
    const id = await a.createSession()
    const held = Promise.withResolvers<void>()
    endsLater(() => held.resolve())
    model.script('never ends', text('one', { holdUntil: held.promise }))
    const lost = await submit(a, id, 'this never ends')
    await until(async () => (await turnOf(b, id, lost)).status === 'running')
    a.cli.child.kill('SIGSTOP')
    expect((await b.ask(id, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
    a.cli.child.kill('SIGCONT')
    expect((await turnOf(b, id, lost)).error.reason).toBe('lost')
    // Requests that it had begun to answer are refused when it learns that it counts as dead.
    await until(async () => (await a.ask(id, 'hello')).body.stopReason === 'end_turn')
    const made = await a.createSession()
    expect((await b.ask(made, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
    // What belonged to the life that was lost is closed.
    await until(() => a.cli.stderr().includes('lease lost'))
    expect(a.cli.stderr()).not.toMatch(/closing failed|could not be given back|session expiry failed/)
  })

  test('a session whose directory only one node has waits for that node', async () => {
    const { nodes, start } = await openCluster({ defaultWorkspace: 'empty' })
    const [a, b, c] = nodes
    const id = await a.createSession()
    expect((await b.ask(id, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
    await killNode(a)
    await until(async () => (await b.ask(id, 'hello')).body.error?.code === 'WORKSPACE_UNAVAILABLE')
    expect((await c.call('GET', `/sessions/${id}`)).body).toMatchObject({ state: 'idle' })
    expect((await c.call('GET', `/sessions/${id}/messages`)).status).toBe(200)
    await start('a')
    await until(async () => (await c.ask(id, 'hello')).body.stopReason === 'end_turn')
    await killNode(b)
    expect((await c.call('DELETE', `/sessions/${id}`)).status).toBe(204)
  })
})

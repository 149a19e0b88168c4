import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { parseFrames } from '../support/client.ts'
import { type ClusterNode, killNode, startNode } from '../support/cluster.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { claudesOf } from '../support/processes.ts'
import { cheapStart, claudeEnvironment, openModel } from '../support/real-claude.ts'
import { sentTo } from '../support/sent-to-model.ts'

/** Longer than a busy machine stands still: only a node that is killed is to lose its lease. */
const leaseMs = 7_000

/** Two nodes that have the same path for the directories of sessions, as machines of their own would. */
async function openCluster(options: object = {}) {
  const database = await createDatabase(inject('postgresDirectory'))
  endsLater(database.drop)
  const model = await openModel({ record: true })
  const home = temporaryDirectory()
  const shared = temporaryDirectory()
  const snapshotsDir = join(home, 'snapshots')
  const workspacesDir = join(home, 'workspaces')
  mkdirSync(snapshotsDir)
  const env = { ...claudeEnvironment(model, home), ...cheapStart }
  const start = (name: string) =>
    startNode(name, {
      ...{ database, home, shared, env, leaseMs, cluster: { snapshotsDir, volumes: [] } },
      options: { workspacesDir, defaultWorkspace: 'empty', ...options },
    })
  const [a, b] = (await Promise.all(['a', 'b'].map(start))) as [ClusterNode, ClusterNode]
  return { a, b, model, start, shared, snapshotsDir, url: database.url }
}

type Model = Awaited<ReturnType<typeof openCluster>>['model']

/** Has Claude write a file when it is asked to. */
function scriptWrite(model: Model, words: string, file: string, content: string): void {
  model.script(words, ({ round }) =>
    round === 0 ? toolUse('Write', { file_path: file, content }) : text('written'),
  )
}

async function createSession(node: ClusterNode, fields: object = {}) {
  const { body } = await node.call('POST', '/sessions', {
    permissionMode: 'acceptEdits',
    workspace: { type: 'empty' },
    ...fields,
  })
  const id = body.sessionId as string
  return { id, cwd: (await node.call('GET', `/sessions/${id}`)).body.workspace.path as string }
}

const snapshotsOf = (cwd: string): string[] => {
  const marker = join(dirname(cwd), '.snapshots.json')
  return existsSync(marker) ? JSON.parse(readFileSync(marker, 'utf8')).snapshots : []
}

/** Resolves when the directory as it is was stored after another snapshot. */
async function stored(cwd: string, before: readonly string[] = []): Promise<string[]> {
  await until(() => snapshotsOf(cwd).length === 1 && snapshotsOf(cwd)[0] !== before[0])
  return snapshotsOf(cwd)
}

/** Whether the database has a line with this text of a transcript. */
async function isInTranscript(url: string, text: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(
    'select 1 from claude_code_api.transcript_entries where entry like $1 limit 1',
    [`%${text}%`],
  )
  await client.end()
  return rows.length > 0
}

/** The stored events of a type. */
async function eventsOf(node: ClusterNode, id: string, type: string) {
  const leaving = new AbortController()
  const response = await node.send('GET', `/sessions/${id}/events?after=0`, undefined, {
    signal: leaving.signal,
  })
  const events: unknown[] = []
  for await (const { event, data } of parseFrames(response)) {
    if (event === 'caught_up') break
    if (event === type) events.push(data)
  }
  leaving.abort()
  return events
}

/** The open permission requests of a session. */
const pending = async (node: ClusterNode, id: string): Promise<{ permissionId: string }[]> =>
  (await node.call('GET', `/sessions/${id}/permissions`)).body.permissions ?? []

/** Allows the next request. @param before the one that was allowed last */
async function allow(node: ClusterNode, id: string, before?: string): Promise<string> {
  let permissionId: string | undefined
  await until(async () => {
    permissionId = (await pending(node, id))[0]?.permissionId
    return permissionId !== undefined && permissionId !== before
  })
  const path = `/sessions/${id}/permissions/${permissionId}`
  expect((await node.call('POST', path, { decision: 'allow' })).status).toBe(200)
  return permissionId ?? ''
}

const asking = { permissionMode: 'default', permissionPrompts: 'ask' }

describe('portable workspaces', () => {
  test('a session takes its directory along to another node, and Claude is told', async () => {
    const { a, b, model, start, snapshotsDir } = await openCluster()
    const { id, cwd } = await createSession(a)
    scriptWrite(model, 'write first', join(cwd, 'note.txt'), 'noted')
    scriptWrite(model, 'write again', join(cwd, 'note.txt'), 'remembered')
    expect((await a.ask(id, 'write first')).body).toMatchObject({ stopReason: 'end_turn' })
    const before = await stored(cwd)
    const { turnId } = (await a.ask(id, 'write again')).body
    const first = await stored(cwd, before)
    await killNode(a)
    rmSync(dirname(cwd), { recursive: true })
    await until(async () => (await b.ask(id, 'hello after the move')).body.stopReason === 'end_turn')
    expect(readFileSync(join(cwd, 'note.txt'), 'utf8')).toBe('remembered')
    const [restored] = await eventsOf(b, id, 'workspace.restored')
    expect(restored).toMatchObject({ source: 'snapshot', turnCutOff: false, missingFiles: 0 })
    const told = sentTo(model).filter(({ text: said }) => said.includes('hello after the move'))
    expect(told.at(-1)?.text).toContain('This session continues on another machine')
    const { messages } = (await b.call('GET', `/sessions/${id}/messages`)).body
    expect(JSON.stringify(messages)).not.toContain('another machine')
    scriptWrite(model, 'write more', join(cwd, 'more.txt'), 'more')
    await b.ask(id, 'write more')
    expect(sentTo(model).at(-1)?.text.split('continues on another machine')).toHaveLength(2)
    await stored(cwd, first)
    // What the file was before is known on the other node alone.
    const diff = await b.call('GET', `/sessions/${id}/diff?format=files&since=${turnId}`)
    expect(diff).toMatchObject({ status: 200, body: { source: 'checkpoints' } })
    const changed = diff.body.files.find(({ path }: { path: string }) => path === 'note.txt')
    expect(changed).toMatchObject({ status: 'modified', binary: true })
    const rewinding = { toTurnId: turnId, conversation: false, files: true }
    const rewound = await b.call('POST', `/sessions/${id}/rewind`, rewinding)
    expect(rewound.body.files.skipped).toEqual([{ path: 'note.txt', reason: 'lost' }])
    await start('a')
    expect((await b.call('DELETE', `/sessions/${id}`)).status).toBe(204)
    expect(readdirSync(join(snapshotsDir, 'default'))).toContain(id)
  })

  test('a node that starts again keeps its own directory, which may be newer', async () => {
    const { a, b, model, start } = await openCluster()
    const { id, cwd } = await createSession(a)
    scriptWrite(model, 'write it', join(cwd, 'note.txt'), 'remembered')
    await a.ask(id, 'write it')
    await stored(cwd)
    writeFileSync(join(cwd, 'later.txt'), 'not stored')
    await killNode(b)
    await killNode(a)
    const again = await start('a')
    await until(async () => (await again.ask(id, 'hello')).body.stopReason === 'end_turn')
    expect(existsSync(join(cwd, 'later.txt'))).toBe(true)
    expect(await eventsOf(again, id, 'workspace.restored')).toEqual([])
  })

  test('the files of a turn that was cut off are lost, and the session says so', async () => {
    const { a, b, model } = await openCluster()
    const { id, cwd } = await createSession(a)
    scriptWrite(model, 'write it', join(cwd, 'note.txt'), 'remembered')
    await a.ask(id, 'write it')
    await stored(cwd)
    const held = Promise.withResolvers<void>()
    endsLater(() => held.resolve())
    model.script('never ends', ({ round }) =>
      round === 0
        ? toolUse('Write', { file_path: join(cwd, 'half.txt'), content: 'half' })
        : text('one', { holdUntil: held.promise }),
    )
    await a.ask(id, 'this never ends', { background: true })
    await until(() => existsSync(join(cwd, 'half.txt')))
    await killNode(a)
    await until(async () => (await eventsOf(b, id, 'turn.lost')).length === 1)
    expect(await eventsOf(b, id, 'workspace.restored')).toMatchObject([{ turnCutOff: true }])
    expect(readdirSync(cwd)).toEqual(['note.txt'])
    await b.ask(id, 'what is left')
    expect(sentTo(model).at(-1)?.text).toContain('were made after that are lost')
  })

  test('a session without a snapshot begins again with an empty directory', async () => {
    const { a, b } = await openCluster()
    const { id, cwd } = await createSession(a)
    await killNode(a)
    rmSync(dirname(cwd), { recursive: true })
    await until(async () => (await b.ask(id, 'hello')).body.stopReason === 'end_turn')
    expect(await eventsOf(b, id, 'workspace.restored')).toMatchObject([
      { source: 'empty', takenAt: null, turnCutOff: false },
    ])
    expect(readdirSync(cwd)).toEqual([])
  })

  /** Begins a turn that writes two files, and waits for a person to allow the second one. */
  async function beginWriting({ a, model }: Pick<Awaited<ReturnType<typeof openCluster>>, 'a' | 'model'>) {
    const { id, cwd } = await createSession(a, asking)
    const files = ['one.txt', 'two.txt'].map(name => join(cwd, name))
    model.script('write both', ({ round }) =>
      files[round] ? toolUse('Write', { file_path: files[round], content: String(round) }) : text('done'),
    )
    const { turnId } = (await a.ask(id, 'write both', { background: true })).body
    const first = await allow(a, id)
    await until(async () => ![undefined, first].includes((await pending(a, id))[0]?.permissionId))
    expect(existsSync(files[0] ?? '')).toBe(true)
    return { id, cwd, files, turnId }
  }

  test('a turn that waits for a person continues elsewhere with the files that it has written', async () => {
    const { a, b, model } = await openCluster({ permissionParkMs: 50 })
    const { id, cwd, files, turnId } = await beginWriting({ a, model })
    await until(() => claudesOf(a.cli.child.pid ?? 0, id).length === 0)
    await stored(cwd)
    await killNode(a)
    rmSync(dirname(cwd), { recursive: true })
    await until(async () => (await eventsOf(b, id, 'workspace.restored')).length === 1)
    expect(await eventsOf(b, id, 'workspace.restored')).toMatchObject([{ turnCutOff: false }])
    await allow(b, id)
    const status = async () => (await b.call('GET', `/sessions/${id}/turns/${turnId}`)).body.status
    await until(async () => (await status()) === 'completed')
    expect(files.map(file => readFileSync(file, 'utf8'))).toEqual(['0', '1'])
  })

  test('a turn that waits for a person on a node that dies learns that its files are lost', async () => {
    const { a, b, model, url } = await openCluster()
    const { id, cwd, turnId } = await beginWriting({ a, model })
    // Claude Code hands its transcript over a moment after it has asked; without it the turn would be lost.
    await until(() => isInTranscript(url, 'two.txt'))
    await killNode(a)
    await until(async () => (await eventsOf(b, id, 'workspace.restored')).length === 1)
    expect(await eventsOf(b, id, 'workspace.restored')).toMatchObject([{ source: 'empty', turnCutOff: true }])
    await allow(b, id)
    const status = async () => (await b.call('GET', `/sessions/${id}/turns/${turnId}`)).body.status
    await until(async () => (await status()) === 'completed')
    expect(readdirSync(cwd)).toEqual(['two.txt'])
    expect(sentTo(model).at(-1)?.text).toContain('were made after that are lost')
  })

  test('a node that is stopped in order hands over sessions with their files, also uploaded ones', async () => {
    const { a, b, model } = await openCluster()
    const { id, cwd } = await createSession(a)
    const quiet = await createSession(a)
    scriptWrite(model, 'write it', join(cwd, 'note.txt'), 'remembered')
    await a.ask(id, 'write it')
    const upload = { body: 'uploaded', headers: { 'content-type': 'text/plain' } }
    const path = (of: string) => `/sessions/${of}/files/content?path=upload.txt`
    for (const of of [id, quiet.id])
      expect((await a.call('PUT', path(of), undefined, upload)).status).toBe(201)
    a.cli.child.kill('SIGTERM')
    expect(await a.cli.ended).toBe(0)
    for (const of of [cwd, quiet.cwd]) rmSync(dirname(of), { recursive: true })
    for (const of of [id, quiet.id]) expect(await (await b.send('GET', path(of))).text()).toBe('uploaded')
    expect(readFileSync(join(cwd, 'note.txt'), 'utf8')).toBe('remembered')
    expect(await eventsOf(b, id, 'workspace.restored')).toMatchObject([{ turnCutOff: false }])
  })

  test('sessions that share a directory stay where it is', async () => {
    const { a, b } = await openCluster()
    const { id } = await createSession(a)
    await a.ask(id, 'hello')
    const fork = (await a.call('POST', `/sessions/${id}/fork`, {})).body.sessionId
    await killNode(a)
    for (const of of [id, fork]) {
      await until(async () => (await b.ask(of, 'hello')).body.error?.code === 'WORKSPACE_UNAVAILABLE')
    }
  })
})

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { parseFrames } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'

type Server = Awaited<ReturnType<typeof openServer>>

/** A session in which Claude has written one file, changed it, made another, and run a command. */
async function openConversation() {
  const server = await openServer()
  const { model, createSession, ask, cwd } = server
  const [first, second, third] = ['a.txt', 'b.txt', 'c.txt'].map(name => `${cwd}/${name}`) as [
    string,
    string,
    string,
  ]
  model.script('write it', [toolUse('Write', { file_path: first, content: 'one\n' }), text('written')])
  model.script('change it', [
    toolUse('Edit', { file_path: first, old_string: 'one', new_string: 'two\nthree' }),
    together(
      toolUse('Write', { file_path: second, content: 'new\n' }),
      toolUse('Bash', { command: `echo by a command > ${third}` }),
    ),
    text('changed'),
  ])
  model.script('what was said', ({ history }) => text(history.map(({ prompt }) => prompt).join('\n')))
  const id = await createSession({ permissionMode: 'acceptEdits', allowedTools: ['Bash'] })
  const written = (await ask(id, 'write it')).body.turnId as string
  const changed = (await ask(id, 'change it')).body.turnId as string
  expect([first, second, third].map(read)).toEqual(['two\nthree\n', 'new\n', 'by a command\n'])
  return { server, id, written, changed, first, second, third }
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

async function rewind({ call }: Server, id: string, toTurnId: string, body: object) {
  const answer = await call('POST', `/sessions/${id}/rewind`, { toTurnId, ...body })
  expect(answer.body.error).toBeUndefined()
  return answer.body
}

async function whatWasSaid({ ask }: Server, id: string): Promise<string[]> {
  return (await ask(id, 'what was said')).body.response.split('\n')
}

test('files alone: Claude still knows what was said; commands are named, and what they did stays', async () => {
  const { server, id, written, changed, first, second, third } = await openConversation()
  const plan = await rewind(server, id, changed, { conversation: false, files: true, dryRun: true })
  expect(plan).toMatchObject({
    dryRun: true,
    turnIds: [],
    files: {
      restored: [
        { path: 'a.txt', action: 'modify', insertions: 1, deletions: 2 },
        { path: 'b.txt', action: 'delete' },
      ],
      skipped: [],
      untracked: [{ turnId: changed, toolName: 'Bash', input: expect.stringContaining('by a command') }],
    },
  })
  expect([first, second].map(read)).toEqual(['two\nthree\n', 'new\n'])
  const done = await rewind(server, id, changed, { conversation: false, files: true })
  expect(done.files).toEqual(plan.files)
  expect([first, second, third].map(read)).toEqual(['one\n', null, 'by a command\n'])
  expect(await whatWasSaid(server, id)).toEqual(['write it', 'change it'])
  await rewind(server, id, written, { conversation: false, files: true })
  expect(read(first)).toBeNull()
})

test('the conversation alone leaves the files, which can follow later', async () => {
  const { server, id, changed, first, second } = await openConversation()
  const done = await rewind(server, id, changed, {})
  expect(done).toMatchObject({ turnIds: [changed], files: null })
  expect([first, second].map(read)).toEqual(['two\nthree\n', 'new\n'])
  expect(await whatWasSaid(server, id)).toEqual(['write it'])
  await rewind(server, id, changed, { conversation: false, files: true })
  expect([first, second].map(read)).toEqual(['one\n', null])
})

test('both: as if it had never been; after a restart as well', async () => {
  const { server, id, changed, first, second } = await openConversation()
  await server.close()
  const later = await openServer({
    dataDir: `${server.cwd}/data`,
    defaultCwd: server.cwd,
    environment: { HOME: server.cwd, CLAUDE_CONFIG_DIR: `${server.cwd}/.claude` },
  })
  later.model.script('what was said', ({ history }) => text(history.map(({ prompt }) => prompt).join('\n')))
  const done = await rewind(later, id, changed, { files: true })
  expect(done).toMatchObject({
    turnIds: [changed],
    files: { restored: [{ path: 'a.txt' }, { path: 'b.txt' }] },
  })
  expect([first, second].map(read)).toEqual(['one\n', null])
  expect(await whatWasSaid(later, id)).toEqual(['write it'])
  expect(await findRewound(later, id)).toMatchObject({
    toTurnId: changed,
    conversation: true,
    files: true,
    restored: ['a.txt', 'b.txt'],
  })
})

test('what somebody else has changed since is left alone unless it is asked for', async () => {
  const { server, id, changed, first, second } = await openConversation()
  writeFileSync(first, 'by a person\n')
  const done = await rewind(server, id, changed, { conversation: false, files: true })
  expect(done.files).toMatchObject({
    restored: [{ path: 'b.txt' }],
    skipped: [{ path: 'a.txt', reason: 'changed_by_others' }],
  })
  expect([first, second].map(read)).toEqual(['by a person\n', null])
  await rewind(server, id, changed, { conversation: false, files: true, overwriteOthers: true })
  expect(read(first)).toBe('one\n')
})

test('in a fork: its own turns only', async () => {
  const { server, id, changed, first, second } = await openConversation()
  const forked = (await server.call('POST', `/sessions/${id}/fork`)).body.sessionId
  const refused = await server.call('POST', `/sessions/${forked}/rewind`, { toTurnId: changed, files: true })
  expect(refused).toMatchObject({
    status: 409,
    body: {
      error: { code: 'TURN_NOT_IN_CONVERSATION', details: { turnId: changed, reason: 'shared_past' } },
    },
  })
  const own = (await server.ask(forked, 'write it')).body.turnId
  expect(read(first)).toBe('one\n')
  await rewind(server, forked, own, { files: true })
  expect([first, second].map(read)).toEqual(['two\nthree\n', 'new\n'])
  expect(await whatWasSaid(server, forked)).toEqual(['write it', 'change it'])
})

async function findRewound({ send }: Server, id: string) {
  for await (const { event, data } of parseFrames(await send('GET', `/sessions/${id}/events`))) {
    if (event === 'session.rewound') return data
  }
  return undefined
}

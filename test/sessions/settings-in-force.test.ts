import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSessionRequest } from '../../src/contract/sessions.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/all.ts'
import { openConnection } from '../../src/store/sqlite/connection.ts'
import { caller, openSessions, temporaryDirectory } from '../support/open-sessions.ts'

/** A store on a file whose sessions outlive the server. */
function openRestartable() {
  const file = join(temporaryDirectory(), 'store.db')
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'CLAUDE.md'), 'THE-MEMORY')
  const open = (trusted: boolean, allowedSettingSources: ('user' | 'project' | 'local')[] = ['project']) =>
    openSessions({
      file,
      defaultCwd: cwd,
      allowedRoots: [cwd],
      trustedRoots: trusted ? [cwd] : [],
      allowedSettingSources,
    })
  return { open, cwd }
}

type Opened = Awaited<ReturnType<typeof openSessions>>

async function restrictions({ store }: Opened, id: string) {
  const events = await store.listEvents('default', { sessionId: id, after: 0, limit: 1000 })
  return events.filter(({ type }) => type === 'settings.restricted').map(({ payload }) => payload)
}

const withProject = createSessionRequest.parse({ settingSources: ['project'] })

test('a session that loses its trust keeps working, restricted, and one event says so', async () => {
  const { open } = openRestartable()
  const first = await open(true)
  const {
    session: { id },
  } = await first.sessions.create(caller, withProject)
  await first.ask(id, 'hello')
  expect(first.launcher.launched.at(-1)).toMatchObject({ settingSources: ['project'], instructions: null })
  await first.close()

  const second = await open(false)
  for (const prompt of ['one', 'two', 'die', 'three']) await second.ask(id, prompt)
  expect((await second.ask(id, 'four')).status).toBe('completed')
  expect(second.launcher.launched.length).toBeGreaterThan(1)
  for (const spec of second.launcher.launched) {
    expect(spec).toMatchObject({
      settingSources: [],
      instructions: { memory: expect.stringContaining('THE-MEMORY') },
    })
  }
  expect(await restrictions(second, id)).toEqual([{ settingSources: [], ignored: ['project'] }])
  expect((await second.sessions.get(caller, id)).settingsInForce).toEqual({
    settingSources: [],
    instructions: true,
    trusted: false,
  })
  const { session: fork } = await second.sessions.branching.fork(caller, id, {})
  await second.ask(fork.id, 'hello')
  expect(second.launcher.launched.at(-1)).toMatchObject({ settingSources: [] })
  expect(await restrictions(second, fork.id)).toEqual([])
  await second.close()

  const third = await open(true)
  await third.ask(id, 'hello')
  expect(third.launcher.launched.at(-1)).toMatchObject({ settingSources: ['project'], instructions: null })
  expect(await restrictions(third, id)).toHaveLength(1)
  await third.close()

  const fourth = await open(true, [])
  await fourth.ask(id, 'hello')
  expect(fourth.launcher.launched.at(-1)).toMatchObject({ settingSources: [] })
  expect(await restrictions(fourth, id)).toHaveLength(2)
})

test('a session that asks for nothing has nothing to be told of', async () => {
  const { open } = openRestartable()
  const opened = await open(false)
  const {
    session: { id },
  } = await opened.sessions.create(caller, createSessionRequest.parse({}))
  await opened.ask(id, 'hello')
  expect(await restrictions(opened, id)).toEqual([])
  const { session: none } = await opened.sessions.create(
    caller,
    createSessionRequest.parse({ settingSources: [] }),
  )
  await opened.ask(none.id, 'hello')
  expect(opened.launcher.launched.at(-1)).toMatchObject({ settingSources: [], instructions: null })
})

test('the default of older sessions was the project, and is stored as such', async () => {
  const connection = openConnection(':memory:')
  const at = migrations.findIndex(({ name }) => name.endsWith('settings-in-force'))
  await migrate(connection.db, ':memory:', migrations.slice(0, at))
  const insert = (id: string, settings: object) =>
    connection.db
      .insertInto('sessions')
      .values({
        id,
        tenant_id: 'default',
        created_by: 'x',
        status: 'active',
        title: null,
        metadata: '{}',
        cwd: '/',
        permission_mode: 'default',
        claude_session_id: id,
        conversation_started: 0,
        created_at: 0,
        last_activity_at: 0,
        expires_at: 0,
        last_sequence: 0,
        message_count: 0,
        turn_count: 0,
        transcript: 'complete',
        settings: JSON.stringify(settings),
      } as never)
      .execute()
  await insert('absent', { effort: 'low' })
  await insert('none', { settingSources: [] })
  await insert('user', { settingSources: ['user'] })
  await migrate(connection.db, ':memory:', migrations)
  const rows = await connection.db
    .selectFrom('sessions')
    .select(['id', 'settings', 'settings_in_force'])
    .execute()
  expect(rows.map(row => [row.id, JSON.parse(row.settings), row.settings_in_force])).toEqual([
    ['absent', { effort: 'low', settingSources: ['project'] }, null],
    ['none', { settingSources: [] }, null],
    ['user', { settingSources: ['user'] }, null],
  ])
  connection.close()
})

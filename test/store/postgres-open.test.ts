import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest'
import { checkStore } from '../../src/app/doctor/places.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { copyStore } from '../../src/store/copy-store.ts'
import { openStore } from '../../src/store/open-store.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../suites/store-records.ts'
import { createDatabase, onServer } from '../support/postgres/shared-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

let url: string
beforeEach(async () => {
  const database = await createDatabase(inject('postgresDirectory'))
  url = database.url
  return () => database.drop()
})

async function rowsOf(text: string): Promise<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = []
  await onServer(url, async client => {
    rows = (await client.query(text)).rows
  })
  return rows
}

describe('the shape', () => {
  it('has the tables and columns of the file, with text ordered by its bytes', async () => {
    // Words to search for are a virtual table in the file, and a column here.
    const file = join(await temporaryDirectory(), 'store.db')
    await (await openStore({ file })).close()
    const { DatabaseSync } = await import('node:sqlite')
    const sqlite = new DatabaseSync(file, { readOnly: true })
    onTestFinished(() => sqlite.close())
    const inFile = sqlite
      .prepare(
        `select t.name || '.' || c.name as name from sqlite_master t, pragma_table_info(t.name) c
          where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like 'search_words%'`,
      )
      .all()
      .map(row => String(row.name))
    const columns = await rowsOf(
      `select table_name || '.' || column_name as name, data_type, collation_name
        from information_schema.columns where table_schema = 'claude_code_api' and table_name not in ('store_lease', 'store_transactions')`,
    )
    expect(columns.map(({ name }) => String(name)).sort()).toEqual([...inFile, 'search_entries.words'].sort())
    for (const { data_type, collation_name } of columns) {
      if (data_type === 'text') expect(collation_name).toBe('C')
    }
  })

  it('of a newer program is refused, unless it admits this one', async () => {
    await rowsOf("insert into claude_code_api.schema_migrations values ('998-next', 1)")
    await expect(openPostgresStore({ url })).rejects.toMatchObject({
      reason: 'newer',
      message: expect.stringContaining('"998-next"'),
    })
    await rowsOf("insert into claude_code_api.schema_admissions values ('998-next', '020-stored-text')")
    await (await openPostgresStore({ url })).close()
  })

  it('is in the schema that is named, and nothing is outside of it', async () => {
    const store = await openPostgresStore({ url, schema: 'elsewhere' })
    const session = sessionRecord()
    await store.createSession(session, [messageEvent('a')], 1)
    expect(await store.findSession(session.tenantId, session.id)).toMatchObject({ lastSequence: 1 })
    await store.close()
    expect(await rowsOf("select 1 from pg_tables where schemaname = 'public'")).toEqual([])
    expect(await rowsOf('select id from elsewhere.sessions')).toEqual([{ id: session.id }])
    expect(await rowsOf('select id from claude_code_api.sessions')).toEqual([])
  })
})

describe('one owner', () => {
  it('is refused beside one that lives, which is named', async () => {
    // It is renewed in its time also on a busy machine.
    const first = await openPostgresStore({ url, leaseMs: 9_000 })
    await expect(openPostgresStore({ url, leaseMs: 9_000 })).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringContaining(`is in use by process ${process.pid} on `),
    })
    await first.check()
    await first.close()
    await (await openPostgresStore({ url })).close()
  })

  it('is refused beside one that renews its lease in the rhythm in which the other looks', async () => {
    await (await openPostgresStore({ url })).close()
    const renew = (remainingMs: number) =>
      rowsOf(
        `set search_path = claude_code_api; insert into store_lease (owner, holder, expires_at)
          values ('other', 'another process', clock_timestamp() + interval '${remainingMs} milliseconds')
          on conflict (owner) do update set expires_at = excluded.expires_at`,
      )
    const start = performance.now()
    // Each look sees less time left than the one before, and a later end.
    const renewAgain = () => renew(20_000 - 0.9 * (performance.now() - start))
    await renewAgain()
    let outcome: unknown
    openPostgresStore({ url }).then(
      () => {
        outcome = 'opened'
      },
      error => {
        outcome = error.reason
      },
    )
    while (outcome === undefined) await renewAgain()
    expect(outcome).toBe('locked')
  })

  it('that was killed is waited for until its lease is over', async () => {
    const program = fileURLToPath(new URL('postgres-until-killed.ts', import.meta.url))
    const session = sessionRecord()
    const child = spawn(process.execPath, ['--no-warnings', program, url, session.id, '9000'], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    let output = ''
    const working = Promise.withResolvers<void>()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > 2_000) working.resolve()
    })
    await working.promise
    child.kill('SIGKILL')
    await once(child, 'close')
    const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n').map(Number)

    const warnings: string[] = []
    const store = await openPostgresStore({ url }, { warn: (_, message) => warnings.push(message) })
    onTestFinished(() => store.close())
    const last = (await store.findSession(session.tenantId, session.id))?.lastSequence ?? 0
    const query = { sessionId: session.id, after: 0, limit: 1_000_000 }
    const events = await store.listEvents(session.tenantId, query)
    expect(acknowledged).toEqual(acknowledged.map((_, index) => index + 1))
    expect(last).toBeGreaterThanOrEqual(acknowledged.length)
    expect(events.map(event => event.sequence)).toEqual(Array.from({ length: last }, (_, index) => index + 1))
    expect(warnings).toEqual([
      expect.stringMatching(/^waiting at most [1-9] s for the lease of the database$/),
      'The database was not closed by the process that had it',
    ])
  })

  it('whose lease was taken writes nothing any more, whatever its clock says', async () => {
    const store = await openPostgresStore({ url })
    onTestFinished(() => store.close())
    const session = sessionRecord()
    await store.createSession(session, [], 10)
    await rowsOf("update claude_code_api.store_lease set owner = 'another server'")
    const change = changeOf(session, { events: [messageEvent('late')] })
    await expect(store.commit(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(store.processes.forgetProcess('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await rowsOf('select sequence from claude_code_api.events')).toEqual([])
    await rowsOf('delete from claude_code_api.store_lease')
  })
})

describe('a log that does not end where the server thinks', () => {
  it('is not appended to', async () => {
    const store = await openPostgresStore({ url })
    onTestFinished(() => store.close())
    const session = sessionRecord()
    await store.createSession(session, [messageEvent('a')], 10)
    await rowsOf('update claude_code_api.sessions set last_sequence = 7')
    const change = changeOf(session, { events: [messageEvent('b')] })
    await expect(store.commit(change)).rejects.toThrow('does not end at 1')
    expect(await rowsOf('select sequence from claude_code_api.events')).toEqual([{ sequence: '1' }])
  })
})

describe('a data directory with a store', () => {
  it('is not left behind unnoticed, and is copied whole', async () => {
    const file = join(await temporaryDirectory(), 'claude-code-api.db')
    const session = sessionRecord({ title: 'with \0 in it', metadata: { a: '\0' } })
    const turn = turnRecord(session, { status: 'completed', costUsd: 0.1 + 0.2, endedAt: 5 })
    const attachment = {
      id: 'a-1',
      tenantId: session.tenantId,
      sessionId: session.id,
      createdBy: 'k',
      name: 'n',
      mediaType: 'text/plain' as const,
      sizeBytes: 3_000_000,
      sha256: 'f',
      createdAt: 1,
    }
    const bytes = Buffer.alloc(3_000_000, 'bytes \0\xff', 'latin1')
    const part = { tenantId: session.tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
    const old = await openStore({ file })
    await old.createSession(session, [messageEvent('first')], 1)
    await old.commit(
      changeOf(session, {
        insertTurn: turn,
        events: [messageEvent('a', turn.id)],
        transcript: [{ part, entries: [{ type: 'user', uuid: 'u' }] }],
      }),
    )
    await old.attachments.addAttachment(attachment, bytes, 10_000_000)
    const events = await old.listEvents(session.tenantId, { sessionId: session.id, after: 0, limit: 10 })
    await expect(copyStore(file, { url }, () => {})).rejects.toMatchObject({ reason: 'locked' })
    await old.close()

    await expect(openStore({ file, database: { url } })).rejects.toMatchObject({
      reason: 'unmigrated',
      message: expect.stringContaining(`claude-code-api migrate --from ${file} --to`),
    })
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
    const output = execFileSync(
      process.execPath,
      ['--no-warnings', main, 'migrate', '--from', file, '--to', url],
      { env: { PATH: process.env.PATH }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    expect(output).toMatch(/^events +2 rows {2}[0-9a-f]{16}$/m)
    await expect(copyStore(file, { url }, () => {})).rejects.toThrow('has 1 sessions already')

    const store = await openStore({ file, database: { url } })
    onTestFinished(() => store.close())
    expect(await store.findSession(session.tenantId, session.id)).toEqual({
      ...session,
      title: 'with \ufffd in it',
      lastSequence: 2,
      messageCount: 2,
    })
    expect(await store.listEvents(session.tenantId, { sessionId: session.id, after: 0, limit: 10 })).toEqual(
      events,
    )
    expect(await store.findTurn(session.tenantId, session.id, turn.id)).toMatchObject({ costUsd: 0.1 + 0.2 })
    expect(await store.transcripts.loadTranscript(part)).toEqual([{ type: 'user', uuid: 'u' }])
    const piece = await store.attachments.readPiece(session.tenantId, session.id, 'a-1', 1)
    expect(piece?.equals(bytes.subarray(1024 * 1024, 2 * 1024 * 1024))).toBe(true)
    // Counting goes on where it was.
    expect(await store.commit(changeOf(session, { events: [messageEvent('b')] }))).toMatchObject([
      { sequence: 3 },
    ])
  })
})

it('is examined by doctor without being changed: new, in use, and where nothing listens', async () => {
  const dataDir = await temporaryDirectory()
  const examine = (address: string) =>
    checkStore(resolveConfig({ dataDir, database: { url: address, schema: 'examined' } }, {}))
  const empty = { check: 'store', status: 'ok', message: 'empty; the first start fills it' }
  expect(await examine(url)).toEqual(empty)
  expect(await examine(url)).toEqual(empty)
  const store = await openStore({ file: `${dataDir}/none.db`, database: { url, schema: 'examined' } })
  onTestFinished(() => store.close())
  expect(await examine(url)).toMatchObject({ status: 'ok', message: 'postgres, 0 sessions' })
  const nowhere = new URL(url)
  nowhere.port = '1'
  expect(await examine(nowhere.href)).toMatchObject({ status: 'failure', advice: expect.any(String) })
})

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openPostgresStore } from '../../../src/store/postgres/open-postgres.ts'
import { isAlive } from '../processes.ts'

const template = 'claude_code_api_template'

/**
 * The address of an empty database of its own, with the tables: on the server that `TEST_DATABASE_URL` names, else on
 * one that is started for this run of tests.
 */
export async function createDatabase(directory: string): Promise<{ url: string; drop(): Promise<void> }> {
  const server = await serverUrl(directory)
  const name = `claude_code_api_test_${randomUUID().replaceAll('-', '')}`
  await onServer(server, client => client.query(`create database ${name} template ${template}`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => onServer(server, client => client.query(`drop database if exists ${name} with (force)`)),
  }
}

/** Empties all tables of a database. */
export async function truncateAll(url: string): Promise<void> {
  await onServer(url, async client => {
    const { rows } = await client.query(
      `select string_agg(format('%I.%I', schemaname, tablename), ', ') as tables from pg_tables
        where schemaname = 'claude_code_api' and tablename not like 'schema_%'`,
    )
    await client.query(`truncate ${rows[0].tables}`)
  })
}

async function serverUrl(directory: string): Promise<string> {
  const file = join(directory, 'url')
  const lock = join(directory, 'starting')
  while (!existsSync(file)) {
    try {
      await mkdir(lock)
    } catch {
      // Another worker is at it.
      await pause(100)
      continue
    }
    if (existsSync(file)) break
    const url = process.env.TEST_DATABASE_URL ?? (await startDetached(directory))
    await prepareTemplate(url)
    await writeFile(`${file}.new`, url)
    await writeFile(file, url)
  }
  return readFile(file, 'utf8')
}

/** In a process of its own, which outlives the worker that needed it first, but not the run of tests. */
async function startDetached(directory: string): Promise<string> {
  const program = fileURLToPath(new URL('serve-until-told.ts', import.meta.url))
  const run = await readFile(join(directory, 'run'), 'utf8')
  const child = spawn(process.execPath, ['--no-warnings', program, run], {
    detached: true,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await writeFile(join(directory, 'pid'), String(child.pid))
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  child.stdout.destroy()
  child.unref()
  return String(line).trim()
}

export async function endServer(directory: string): Promise<void> {
  const pid = await readFile(join(directory, 'pid'), 'utf8').catch(() => undefined)
  if (pid === undefined) return
  process.kill(Number(pid), 'SIGTERM')
  while (isAlive(Number(pid))) await pause(50)
  await rm(join(directory, 'pid'))
}

async function prepareTemplate(url: string): Promise<void> {
  await onServer(url, async client => {
    await client.query(`drop database if exists ${template} with (force)`)
    await client.query(`create database ${template}`)
  })
  const address = new URL(url)
  address.pathname = `/${template}`
  await (await openPostgresStore({ url: address.href })).close()
}

export async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

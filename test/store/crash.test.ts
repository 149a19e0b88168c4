import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { sessionRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const program = fileURLToPath(new URL('commit-until-killed.ts', import.meta.url))

/** Starts a process that commits to the file; `acknowledged` fills with the sequences it says are durable. */
function startWriter(file: string, sessionId: string) {
  const child = spawn(process.execPath, ['--no-warnings', program, file, sessionId], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const ended = once(child, 'close')
  let output = ''
  const progress = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.length > 2_000) progress.resolve()
  })
  return {
    pid: child.pid,
    /** Resolves when a few hundred changes have been acknowledged, or the process has ended before. */
    working: Promise.race([progress.promise, ended]),
    async kill(): Promise<number[]> {
      child.kill('SIGKILL')
      const [, signal] = await ended
      expect(signal).toBe('SIGKILL')
      // The kill may have cut the last line.
      return output
        .slice(0, output.lastIndexOf('\n') + 1)
        .trim()
        .split('\n')
        .map(Number)
    },
  }
}

it('keeps everything that was acknowledged before a SIGKILL, without a gap, and can be opened at once', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const session = sessionRecord({ id: randomUUID() })
  const writer = startWriter(file, session.id)
  await writer.working
  const acknowledged = await writer.kill()

  const warnings: string[] = []
  const store = await openStore({ file, log: { warn: (_, message) => warnings.push(message) } })
  const found = await store.findSession(session.tenantId, session.id)
  const last = found?.lastSequence ?? 0
  const events = await store.listEvents(session.tenantId, {
    sessionId: session.id,
    after: 0,
    limit: 1_000_000,
  })
  const { total } = await store.listMessages(session.tenantId, session.id, { limit: 1, offset: 0 })
  await store.close()

  expect(acknowledged).toEqual(acknowledged.map((_, index) => index + 1))
  expect(acknowledged.length).toBeGreaterThan(100)
  expect(last).toBeGreaterThanOrEqual(acknowledged.length)
  expect(events.map(event => event.sequence)).toEqual(Array.from({ length: last }, (_, index) => index + 1))
  expect(total).toBe(last)
  expect(last % 2).toBe(0)
  expect(warnings).toEqual(['The database was not closed by the process that had it'])
})

it('refuses a file that another process holds, and names it', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const writer = startWriter(file, randomUUID())
  await writer.working
  await expect(openStore({ file })).rejects.toMatchObject({
    name: 'StoreOpenError',
    reason: 'locked',
    message: expect.stringMatching(
      `^The database ${file} is in use by process ${writer.pid} on ${hostname()} since \\d{4}-\\d\\d-\\d\\dT`,
    ),
  })
  await writer.kill()
  await (await openStore({ file })).close()
})

it('survives a disk without space: what was acknowledged is there, and what fits later is taken', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const session = sessionRecord({ id: randomUUID() })
  const program = fileURLToPath(new URL('write-until-full.ts', import.meta.url))
  const child = spawn(
    '/bin/sh',
    ['-c', 'ulimit -f 5000; exec "$@"', 'sh', process.execPath, '--no-warnings', program, file, session.id],
    { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const output = child.stdout.setEncoding('utf8').toArray()
  await once(child, 'close')
  const { acknowledged, rejected } = JSON.parse((await output).join(''))
  expect(rejected).toBeGreaterThan(0)

  const store = await openStore({ file })
  const query = { sessionId: session.id, after: 0, limit: 10_000 }
  const events = await store.listEvents(session.tenantId, query)
  expect(events.map(event => event.sequence)).toEqual(
    Array.from({ length: acknowledged }, (_, index) => index + 1),
  )
  await store.close()
})

it('holds the file against other processes after this one has tried to open it twice', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const store = await openStore({ file })
  // On POSIX a process loses its locks on a file when it closes any handle of it.
  await expect(openStore({ file })).rejects.toMatchObject({ reason: 'locked' })
  const child = spawn(process.execPath, ['--no-warnings', program, file, randomUUID()], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const complaint = (await child.stderr.setEncoding('utf8').toArray()).join('')
  expect(complaint).toContain(`is in use by process ${process.pid} on `)
  await store.close()
})

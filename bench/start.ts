import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ClaudeCodeApiConfig } from '../src/config/options.ts'
import { openStore } from '../src/store/open-store.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../test/suites/store-records.ts'
import { localWorkspaces } from '../test/support/local-workspaces.ts'
import { apiKey } from './support/open-server.ts'
import { median, ms, printTable, printTarget, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { serveScripted } from './support/serve-scripted.ts'

/** How a run of a server ended in some of its sessions: their turns are settled by the next start. */
const shares = { ownDirectory: 0.2, running: 0.05 }

/** How long a server takes to open, until its first answer, with many sessions to one with none. */
export const start: Bench = async scope => {
  const options = {
    auth: { apiKeys: [apiKey] },
    defaultCwd: scope.directory,
    drainTimeoutMs: 0,
    logLevel: 'silent',
  } satisfies ClaudeCodeApiConfig
  const sessions = scope.quick ? 500 : 10_000
  const rounds = scope.quick ? 1 : 5
  const measureStart = async (dataDir: string) => {
    const begun = performance.now()
    const server = await serveScripted({ ...options, dataDir, maxSessions: sessions + 10 })
    const response = await fetch(`${server.url}/api/v1/ready`)
    if (!response.ok) throw new Error(`the server answers ${response.status}`)
    await response.text()
    const took = performance.now() - begun
    await server.close()
    return took
  }
  const measure = async (count: number, isCrash: boolean) => {
    const found: number[] = []
    let dataDir = ''
    for (let round = 0; round < rounds; round++) {
      // What a crash has left is settled by the first start.
      if (round === 0 || isCrash) {
        dataDir = join(scope.directory, randomUUID())
        await seed(dataDir, count, isCrash)
      }
      found.push(await measureStart(dataDir))
    }
    return median(found)
  }
  // The first one warms up.
  await measure(0, false)
  const empty = await measure(0, false)
  const quiet = await measure(sessions, false)
  const crashed = await measure(sessions, true)
  printTable(
    ['start with', 'until it is ready', 'to one without sessions'],
    Object.entries({
      'no sessions': empty,
      [`${sessions} quiet sessions`]: quiet,
      [`${sessions} sessions after a crash, ${sessions * shares.running} with a turn that ran`]: crashed,
    }).map(([name, took]) => [name, ms(took), times(took / empty)]),
  )
  printTarget(`${sessions} quiet sessions, to none`, times(quiet / empty), '≤ ×5', quiet / empty <= 5)
  printTarget(`the same after a crash, to none`, times(crashed / empty), '≤ ×30', crashed / empty <= 30)
}

async function seed(dataDir: string, count: number, isCrash: boolean): Promise<void> {
  mkdirSync(dataDir, { recursive: true })
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const workspaces = localWorkspaces(store, dataDir)
  const provider = workspaces.providerOf('default')
  const stop = new AbortController()
  for (let number = 0; number < count; number++) {
    const id = randomUUID()
    const hasDirectory = number < count * shares.ownDirectory
    const workspace = hasDirectory
      ? await provider.provide({ type: 'empty', removeOnEnd: true }, id, stop.signal)
      : null
    const expiresAt = Date.now() + 3_600_000
    const cwd = workspace?.path ?? dataDir
    const session = sessionRecord({
      ...{ id, tenantId: 'default', claudeSessionId: id },
      ...{ workspace, cwd, expiresAt },
    })
    await store.createSession(session, [], count + 10)
    if (!isCrash || number >= count * shares.running) continue
    const turn = turnRecord(session, { id: randomUUID(), status: 'running', startedAt: Date.now() })
    const events = [messageEvent('a prompt', turn.id)]
    await store.commit(changeOf(session, { insertTurn: turn, events }))
  }
  await workspaces.close()
  await store.close()
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'

export const awkwardProgram = join(import.meta.dirname, '../fixtures/awkward-claude.ts')

/** The environment with which the fixture runs, and how it is told what to do. */
export function awkwardHome() {
  const home = temporaryDirectory()
  const behave = (behaviour: string) => writeFileSync(join(home, 'behaviour'), behaviour)
  behave('well')
  writeFileSync(join(home, 'received'), '')
  return {
    home,
    behave,
    environment: { AWKWARD_HOME: home, PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin` },
    /** What the fixture was told, oldest first; not what it was asked about itself. */
    received: () =>
      readFileSync(join(home, 'received'), 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => line.split(' ')[1] ?? '')
        .filter(what => what !== 'list_permission_rules'),
    /** Everything alive that was started from there. */
    living: () => processesWith(`AWKWARD_HOME=${home}`),
  }
}

/** The whole API with the awkward program in place of Claude Code. */
export async function openAwkward(config: ClaudeCodeApiConfig = {}) {
  const awkward = awkwardHome()
  const server = await openServer({
    claudeExecutable: awkwardProgram,
    agentEnv: awkward.environment,
    ...config,
  })
  // The process that was only asked what it is.
  await until(() => awkward.living().length === 0)
  /** The session is usable: its next turn is answered by a process that behaves. */
  const expectUsable = async (sessionId: string) => {
    awkward.behave('well')
    expect(await server.ask(sessionId, 'and now?')).toMatchObject({
      status: 200,
      body: { response: 'awkward, but here' },
    })
  }
  return { ...server, ...awkward, expectUsable }
}

/** Processes that live and were started with that variable. */
export function processesWith(variable: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const isZombie = stat[stat.lastIndexOf(')') + 2] === 'Z'
        return !isZombie && readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(variable)
      } catch {
        return false
      }
    })
    .map(Number)
}

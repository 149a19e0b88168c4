import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClaudeLauncher } from '../../claude/claude-launcher.ts'
import type { ResolvedConfig } from '../../config/resolve-config.ts'
import { createSessionRequest } from '../../contract/sessions.ts'
import { operator } from '../../sessions/records.ts'
import { createLog } from '../built-in-log.ts'
import { openForwarder } from '../forwarder.ts'
import { findIsolation, openBoxes } from '../isolation.ts'
import { Runtime } from '../runtime.ts'
import { type Finding, failure, ok } from './finding.ts'

const timeoutMs = 60_000
const caller = operator('doctor')
const silent = createLog({ logLevel: 'silent', logFormat: 'json' })

/** Starts Claude Code as the server would, and asks whether it can work. It sends nothing to the model. */
export async function checkClaude(config: ResolvedConfig): Promise<Finding> {
  const check = 'Claude Code'
  const home = await realpath(await mkdtemp(join(tmpdir(), 'claude-code-api-doctor-')))
  const forwarder = await openForwarder(config, silent)
  // If there can be no boxes, the check of the isolation says so.
  const means = await findIsolation(config).catch(() => undefined)
  const boxes = means && openBoxes({ ...config, dataDir: home }, means, forwarder, silent)
  const { agentEnvironment: environment, claudeExecutable: executable } = config
  const launcher = new ClaudeLauncher({ environment, executable }, tmpdir(), silent, { boxes })
  try {
    const { failure: fault, version } = await launcher.inspect()
    const name = version === undefined ? 'Claude Code' : `version ${version}`
    return fault
      ? failure(check, `${name}: ${fault.message}`, `reason: ${fault.reason}; see docs/errors.md`)
      : ok(check, `${name}, logged in or with a key`)
  } finally {
    await launcher.close()
    await forwarder.close()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Asks the model one short question in a session of its own, which is removed afterwards. It costs money. */
export async function checkModel(config: ResolvedConfig): Promise<Finding> {
  const check = 'model'
  const home = await realpath(await mkdtemp(join(tmpdir(), 'claude-code-api-doctor-')))
  const observer = { onTurnEnded() {}, onCommit() {} }
  const places = { dataDir: join(home, 'data'), workspacesDir: join(home, 'workspaces') }
  const alone = { database: undefined, cluster: undefined }
  const runtime = new Runtime(
    { ...config, ...places, ...alone, defaultCwd: home, allowedRoots: [home], keepSpareProcess: false },
    silent,
    { observer, answer() {}, callOff() {} },
  )
  try {
    await runtime.ready()
    const { session } = await runtime.sessions.create(caller, createSessionRequest.parse({ maxTurns: 1 }))
    const request = { prompt: 'Reply with the word ok.', timeoutMs, onBusy: 'queue' as const }
    const { ended } = await runtime.sessions.submit(caller, session.id, request)
    const { turn } = await ended
    const seconds = `${((turn.durationMs ?? 0) / 1000).toFixed(1)} s`
    const cost = turn.costUsd === null ? '' : `, $${turn.costUsd}`
    return turn.status === 'completed'
      ? ok(check, `answered in ${seconds}${cost}`)
      : failure(check, turn.error?.message ?? `the turn ended as ${turn.status}`, 'see docs/errors.md')
  } finally {
    await runtime.close(async () => {})
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

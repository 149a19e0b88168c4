import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { destination, pino } from 'pino'
import { AuditTrail } from '../../src/access/audit/audit-trail.ts'
import { Callers } from '../../src/access/callers.ts'
import { configuredKeys } from '../../src/access/configured-keys.ts'
import { ConsoleLogins } from '../../src/access/console-logins.ts'
import { KeyRegistry } from '../../src/access/key-registry.ts'
import { Keys } from '../../src/access/keys.ts'
import { findDoors } from '../../src/app/doors.ts'
import { Metrics } from '../../src/app/metrics/metrics.ts'
import { consolePath, mountPath } from '../../src/app/serve.ts'
import { limitConnections, toServerOptions } from '../../src/app/server-limits.ts'
import { logTurn } from '../../src/app/turn-log.ts'
import { transcriptEditor } from '../../src/claude/transcript/transcript-editor.ts'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createRouter } from '../../src/http/router.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { openStore } from '../../src/store/open-store.ts'
import { LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { localWorkspaces } from '../../test/support/local-workspaces.ts'
import { pushParts } from '../../test/support/push-parts.ts'
import { playPrompt, type Script, ScriptedLauncher } from '../../test/support/scripted-launcher.ts'

/** A prompt of this shape, as JSON, is streamed; any other is answered at once. */
export interface StreamedScene {
  messages: number
  deltasPerMessage: number
  /** Over how long it is spread; 0: as fast as it goes. */
  overMs: number
}

/** What one delta and one message say, in characters: a few words, a paragraph. */
const deltaLength = 24
const messageLength = 600

/** The whole API but for Claude Code: a script takes its place. */
export async function serveScripted(given: ClaudeCodeApiConfig) {
  const config = resolveConfig(given, {})
  const log = pino({ level: config.logLevel }, destination(2))
  mkdirSync(config.dataDir, { recursive: true })
  const store = await openStore({ file: join(config.dataDir, 'claude-code-api.db'), log })
  const launcher = new ScriptedLauncher(scene => (scene.text.startsWith('{') ? stream : playPrompt)(scene))
  const metrics = new Metrics('0.0.0', () => sessions.figures())
  const sessions = new Sessions({
    store,
    launcher,
    transcriptEditor,
    workspace: new LocalWorkspaceFiles(),
    workspaces: localWorkspaces(store, config.dataDir),
    faults: log,
    observer: {
      onTurnEnded(turn, times) {
        logTurn(log, turn)
        metrics.onTurnEnded(turn, times)
      },
      onCommit: (durationMs, outcome) => metrics.onCommit(durationMs, outcome),
    },
    sender: { post: async () => ({ refused: 'unreachable', message: 'The benchmark has no network' }) },
    onWebhookDisabled() {},
    ...pushParts,
    sealer: createSealer([randomBytes(32)]),
    options: config,
    builtInModels: [],
  })
  await sessions.open()
  const registry = new KeyRegistry(store.keys, log)
  await registry.open()
  const logins = new ConsoleLogins({ store: store.logins, faults: log })
  await logins.open()
  const audit = new AuditTrail({
    store: store.audit,
    retentionMs: undefined,
    faults: log,
    onAudit: record => log.info({ audit: record }, 'audit'),
  })
  const door = createRouter({
    service: sessions,
    audit,
    logins,
    callers: new Callers({ keys: config.auth.keys, sources: config, registry, ready: async () => {} }),
    keys: new Keys({ registry, sessions: store }),
    scrapers: configuredKeys(config.metrics.keys),
    ready: async () => {},
    isClosing: () => false,
    isolation: () => undefined,
    metrics,
    doors: findDoors(config.doors),
    config,
    log,
    version: '0.0.0',
    startedAt: Date.now(),
  })
  const app = express().use(mountPath, door.router).use(consolePath, door.console)
  const server = limitConnections(createServer(toServerOptions(config.limits), app), config.limits)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      await sessions.close()
      await door.close()
      await audit.close()
      metrics.close()
      await launcher.close()
      server.closeAllConnections()
      await store.close()
    },
  }
}

/** Deltas come when they are due, as from a model that knows nothing of who reads: delays do not slow it down. */
const stream: Script = async scene => {
  const { messages, deltasPerMessage, overMs } = JSON.parse(scene.text) as StreamedScene
  const begun = performance.now()
  const pause = overMs / (messages * deltasPerMessage)
  for (let message = 0; message < messages; message++) {
    for (let delta = 0; delta < deltasPerMessage; delta++) {
      await until(begun + (message * deltasPerMessage + delta + 1) * pause)
      scene.delta(`${message}.${delta} `.padEnd(deltaLength, 'delta '))
    }
    scene.say(`message ${message} `.padEnd(messageLength, 'of the streamed scene '))
    await setImmediate()
  }
  return 'done'
}

async function until(due: number): Promise<void> {
  const left = due - performance.now()
  if (left > 0) await new Promise(resolve => setTimeout(resolve, left))
}

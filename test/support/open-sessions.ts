import { randomBytes } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { transcriptEditor } from '../../src/claude/transcript/transcript-editor.ts'
import { createSessionRequest } from '../../src/contract/sessions.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { SharedLimits } from '../../src/sessions/limits/shared-limits.ts'
import type { SessionsOptions } from '../../src/sessions/options.ts'
import type { SessionsParts } from '../../src/sessions/parts.ts'
import type { Store, WebhookSender } from '../../src/sessions/ports/index.ts'
import type { PushResult } from '../../src/sessions/push/push-delivery.ts'
import { type Caller, operator, type TurnRecord } from '../../src/sessions/records.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import type { TurnRequest } from '../../src/sessions/turns/turn-request.ts'
import type { WebhookRecord } from '../../src/sessions/webhook-records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { endsLater } from './lifetime.ts'
import { localWorkspaces } from './local-workspaces.ts'
import { beginLife } from './nodes.ts'
import { pushOptions, pushParts } from './push-parts.ts'
import { ScriptedLauncher } from './scripted-launcher.ts'

export const caller: Caller = { ...operator('test'), isOperator: false }
export const stranger: Caller = { ...caller, tenantId: 'other' }

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'claude-code-api-test-')))
  endsLater(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

export function promptOf(prompt: string, more: Partial<TurnRequest> = {}): TurnRequest {
  return { prompt, timeoutMs: 0, onBusy: 'queue', ...more }
}

/** For tests that are not about what webhooks send. */
const noNetwork: WebhookSender = {
  post: async () => ({ refused: 'unreachable', message: 'The test has no network' }),
}

/** The sessions room on a real store and the scripted engine; closed after the test. */
export async function openSessions(
  given: Partial<SessionsOptions> & {
    file?: string
    databaseUrl?: string
    /** Makes it a node of several that share the database, and count together. */
    nodeId?: string
    /** The store as the sessions have it; left out: as it is. */
    withStore?: (store: Store) => Store
    launcher?: ScriptedLauncher
  } & Partial<
      Pick<
        SessionsParts,
        | 'sender'
        | 'sealer'
        | 'webhookTiming'
        | 'limitsOf'
        | 'pushSender'
        | 'pushTiming'
        | 'standing'
        | 'cluster'
      >
    > = {},
) {
  const { file = ':memory:', databaseUrl, nodeId, launcher = new ScriptedLauncher(), ...others } = given
  const {
    sender = noNetwork,
    sealer = createSealer([randomBytes(32)]),
    webhookTiming = {},
    limitsOf,
    pushSender = pushParts.pushSender,
    standing = pushParts.standing,
    pushTiming = {},
    cluster,
    withStore = store => store,
    ...options
  } = others
  const cwd = temporaryDirectory()
  const database = databaseUrl === undefined ? {} : { database: { url: databaseUrl, nodeId } }
  const store = withStore(await openStore({ file, ...database }))
  const sharedLimits = nodeId === undefined ? undefined : await joinNodes(store, nodeId)
  launcher.transcripts = store.transcripts
  const faults: unknown[] = []
  const ended: TurnRecord[] = []
  const disabled: WebhookRecord[] = []
  const failedPushes: PushResult[] = []
  const log = { keysReplaced: 0 }
  const sessions = new Sessions({
    store,
    launcher,
    transcriptEditor,
    workspace: new LocalWorkspaceFiles(),
    workspaces: localWorkspaces(store, cwd),
    faults: { error: fields => faults.push(fields) },
    observer: { onTurnEnded: turn => ended.push({ ...turn }), onCommit() {} },
    builtInModels: [],
    sealer,
    sender,
    webhookTiming,
    ...(limitsOf && { limitsOf }),
    sharedLimits,
    cluster,
    onWebhookDisabled: webhook => disabled.push(webhook),
    ...{ pushSender, standing, pushTiming },
    onPushFailed: (_, result) => failedPushes.push(result),
    onPushKeysReplaced: () => log.keysReplaced++,
    options: {
      defaultCwd: cwd,
      allowedRoots: [cwd],
      sessionTimeoutMs: 3_600_000,
      maxSessions: 100,
      maxQueuedTurns: 16,
      maxWaitingTurns: 100,
      maxLiveProcesses: 50,
      maxProcessMemoryBytes: 1024 ** 4,
      keepSpareProcess: false,
      idleTimeoutMs: 600_000,
      permissionParkMs: 600_000,
      drainTimeoutMs: 100,
      allowBypassPermissions: false,
      allowStdioMcpServers: false,
      allowedSettingSources: ['project'],
      trustedRoots: [],
      trustedCloneUrls: [],
      allowedAgentEnv: [],
      maxAttachmentBytesPerSession: 64 * 1024 * 1024,
      push: pushOptions,
      ...options,
    },
  })
  await sessions.open()
  const close = async () => {
    await sessions.close()
    await sharedLimits?.close()
    await launcher.close()
    await store.close()
  }
  endsLater(close)
  /** Sends a prompt and waits for its end. */
  const ask = async (sessionId: string, prompt: string, more: Partial<TurnRequest> = {}) => {
    const {
      turn: { id },
    } = await sessions.submit(caller, sessionId, promptOf(prompt, more))
    return sessions.whenTurnEnded(caller, sessionId, id, new AbortController().signal)
  }
  return { sessions, store, launcher, faults, ended, disabled, failedPushes, log, cwd, close, ask }
}

async function joinNodes(store: Store, id: string): Promise<SharedLimits> {
  await beginLife(store, id)
  return new SharedLimits(store.limits, id, { warn() {} })
}

/** `POST /sessions` with its defaults filled in. */
export const plain = createSessionRequest.parse({})

/** Not the property of `performance`, which tests replace. */
const now = performance.now.bind(performance)

/**
 * Waits until what is asked for holds; for states that no event tells of. What does not come true in time is named by
 * its own code.
 */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const end = now() + withinMs
  // Pauses, because what is waited for needs the processor; the module's own, which no fake timer reaches.
  for (let pauseMs = 2; !(await holds()); pauseMs = Math.min(pauseMs * 1.5, 50)) {
    if (now() > end) throw new Error(`has not come true in ${withinMs} ms: ${holds}`)
    await pause(pauseMs)
  }
}

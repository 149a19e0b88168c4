import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AuditTrail } from '../access/audit/audit-trail.ts'
import { ConsoleLogins } from '../access/console-logins.ts'
import { KeyRegistry } from '../access/key-registry.ts'
import { Keys } from '../access/keys.ts'
import { type AcceptedCallers, PresentCallers } from '../access/present-callers.ts'
import { hasSeveralTenants, type TenantSources } from '../access/several-tenants.ts'
import { ClaudeLauncher } from '../claude/claude-launcher.ts'
import { builtInModels } from '../claude/settings/built-in-models.ts'
import { transcriptEditor } from '../claude/transcript/transcript-editor.ts'
import type { Cluster, NodeOptions } from '../cluster/cluster.ts'
import type { TenantConfig } from '../config/tenants.ts'
import type { CallerLimits } from '../contract/caller-limits.ts'
import { schemaChecks } from '../lib/schema-checks.ts'
import { createSealer } from '../lib/sealed-text.ts'
import type { LimitsOf } from '../sessions/limits/limits-of.ts'
import { SharedLimits } from '../sessions/limits/shared-limits.ts'
import type { SessionsOptions } from '../sessions/options.ts'
import type { Store } from '../sessions/ports/index.ts'
import { defaultTenantId } from '../sessions/records.ts'
import type { SessionsFigures, SessionsObserver } from '../sessions/reports/figures.ts'
import { Sessions } from '../sessions/sessions.ts'
import { openStore, type StoreDatabase } from '../store/open-store.ts'
import { LocalWorkspaceFiles } from '../workspace/files/files.ts'
import type { Git } from '../workspace/git/git-command.ts'
import { findPortable } from './cluster/find-portable.ts'
import { secureDataDirectory } from './data-directory.ts'
import { openForwarder } from './forwarder.ts'
import {
  boxDirectoryIn,
  findIsolation,
  type Isolation,
  type IsolationOptions,
  openBoxes,
  openGitBox,
  requireChoice,
  severalTenants,
} from './isolation.ts'
import { countFreeSlots, type OpenNode, openNode } from './node.ts'
import { ensureSecretKeys } from './secret-key.ts'
import { type ClusterPlace, SharedParts } from './shared-parts.ts'
import { checkSharedKeys } from './shared-secret-keys.ts'
import { databaseFileIn } from './store-places.ts'
import { openWorkspaces } from './workspaces.ts'

/** How long the server waits for a first session before it inspects Claude Code on its own. */
const quietMs = 1_000

export interface RuntimeOptions extends TenantSources, SessionsOptions, IsolationOptions {
  auth: TenantSources['auth'] & AcceptedCallers
  dataDir: string
  /** Undefined: a file in `dataDir`. */
  database: StoreDatabase | undefined
  /** Undefined: the server has its store for itself. */
  cluster: NodeOptions | undefined
  workspacesDir: string
  cloneUrls: readonly string[]
  tenants: ReadonlyMap<string, TenantConfig>
  tenantLimits: ReadonlyMap<string, CallerLimits>
  cloneTimeoutMs: number
  allowedPrivateHosts: readonly string[]
  claudeExecutable: string | undefined
  /** The whole environment of Claude Code processes. */
  agentEnvironment: Readonly<Record<string, string>>
  /** 0: off. */
  watchdogMs: number
  maxWorkspaceBytes: number
  /** Undefined: entries of the audit log are kept forever. */
  auditRetentionMs: number | undefined
  /** Undefined: the keys of the file in the data directory. */
  secretKeys: readonly Buffer[] | undefined
  maxBodyBytes: number
  maxUploadBytes: number
}

/** Closes one thing that was opened; responses end when nothing more is to be said, while the store is open. */
export type Closer = (endResponses: () => Promise<void>) => Promise<unknown>

/** Everything that is open. */
export interface Opened {
  keyRegistry: KeyRegistry
  keys: Keys
  audit: AuditTrail
  logins: ConsoleLogins
  sessions: Sessions
  launcher: ClaudeLauncher
  git: Git
  isolation: Isolation
  /** Undefined: the server has its store for itself. */
  cluster: Cluster | undefined
  shared: SharedParts | undefined
  limitsOf: LimitsOf
  close(endResponses: () => Promise<void>): Promise<void>
}

/** Calls of the opened parts to the runtime. */
export interface RuntimeHooks {
  observer: SessionsObserver
  /** Answers requests that other nodes have forwarded. */
  answer: RequestListener
  figures(): SessionsFigures | undefined
  isClosing(): boolean
  /** This node counts as dead: nothing that is open can be used any more. */
  onLost(): void
}

/**
 * Opens the parts of the service, one after the other.
 * @param closers gets one for everything that is opened; they run in reverse order
 */
export async function openService(
  runtimeOptions: RuntimeOptions,
  log: Logger,
  hooks: RuntimeHooks,
  closers: Closer[],
): Promise<Opened> {
  const { dataDir, claudeExecutable, agentEnvironment, watchdogMs, secretKeys, ...given } = runtimeOptions
  await secureDataDirectory(dataDir, log)
  const portable = await findPortable(runtimeOptions)
  const node = await openNodeOf(runtimeOptions, portable?.volume, log, hooks)
  const store = node?.cluster.store ?? (await openStoreAlone(runtimeOptions, log))
  closers.push(() => (node ?? store).close())
  closers.push(async () => node?.leave())
  const place = node && toPlace(node)
  const shared = place && new SharedParts(store, place, log)
  const audit = new AuditTrail({
    store: store.audit,
    retentionMs: runtimeOptions.auditRetentionMs,
    isFirst: place?.isFirst,
    faults: log,
    onAudit: record => log.info({ audit: record }, 'audit'),
  })
  audit.open()
  closers.push(() => audit.close())
  const keyRegistry = new KeyRegistry(store.keys, log, shared?.refresh)
  await keyRegistry.open()
  const limitsOf = toLimitsOf(keyRegistry, runtimeOptions.tenantLimits)
  closers.push(() => keyRegistry.close())
  const logins = new ConsoleLogins({ store: store.logins, faults: log, refresh: shared?.refresh })
  await logins.open()
  closers.push(() => logins.close())
  const keys = new Keys({
    registry: keyRegistry,
    sessions: store,
    onTenant: () => warnOfTenant(runtimeOptions, log),
  })
  closers.push(() => schemaChecks.rest())
  // The store is locked at this point, so two starts cannot create a key each.
  const sealingKeys = secretKeys ?? (await ensureSecretKeys(dataDir))
  if (place) await checkSharedKeys(store.fingerprints, place.nodeId, sealingKeys)
  const forwarder = await openForwarder(runtimeOptions, log)
  closers.push(() => forwarder.close())
  const gitMarker = randomUUID()
  if (hasSeveralTenants(runtimeOptions, keyRegistry)) requireChoice(runtimeOptions, severalTenants)
  const means = await findIsolation(runtimeOptions)
  const gitBox = means && openGitBox(runtimeOptions, means, gitMarker)
  const { cluster: { snapshotsDir } = {} } = runtimeOptions
  const isShared = node !== undefined
  const places = { ...runtimeOptions, snapshotsDir, portable, gitMarker, gitBox, isShared }
  const { workspaces, options, git, tops } = await openWorkspaces(places, given, store, forwarder, log)
  const boxes = means && openBoxes(places, means, forwarder, log)
  const launcher = new ClaudeLauncher(
    { environment: agentEnvironment, executable: claudeExecutable },
    options.defaultCwd,
    log,
    {
      transcripts: store.transcripts,
      processes: node?.processes ?? store.processes,
      ...(node && { mayAct: () => node.mayAct() }),
      forwarder,
      watchdogMs,
      boxes,
      boxDirectory: boxDirectoryIn(dataDir),
      maxWorkspaceBytes: runtimeOptions.maxWorkspaceBytes,
      skillsDirectory: join(dataDir, 'skills'),
    },
  )
  closers.push(() => launcher.close())
  closers.push(() => git.close())
  const sealer = createSealer(sealingKeys)
  const workspace = new LocalWorkspaceFiles({
    forbidden: [dataDir, runtimeOptions.workspacesDir, ...(snapshotsDir ? [snapshotsDir] : [])],
    tops,
  })
  const sharedLimits = node && new SharedLimits(store.limits, node.cluster.membership.id, log)
  closers.push(async () => sharedLimits?.close())
  const sessions = new Sessions({
    store,
    launcher,
    transcriptEditor,
    workspace,
    workspaces,
    faults: log,
    observer: hooks.observer,
    sender: forwarder,
    onWebhookDisabled: ({ id, disabledReason: reason }) =>
      log.warn({ webhookId: id, reason }, 'webhook disabled'),
    pushSender: forwarder,
    standing: new PresentCallers(runtimeOptions.auth, keyRegistry),
    onPushFailed: ({ id, service }, { failure, responseStatus: status }) =>
      log.warn({ subscriptionId: id, service, reason: failure?.reason, status }, 'push failed'),
    onPushKeysReplaced: () =>
      log.warn('push keys unreadable: browsers have to subscribe again with new keys'),
    sealer,
    options,
    limitsOf,
    builtInModels,
    cluster: place,
    sharedLimits,
    ...(node && { onSessionClosed: sessionId => node.cluster.release(sessionId) }),
  })
  closers.push(async endResponses => {
    // Others claim the rest when this node counts as dead.
    await node?.cluster
      .drain(sessions.openIds)
      .catch(error => log.warn({ err: error }, 'sessions could not be given back'))
    await sessions.close()
    await endResponses()
  })
  // Must come before any turn runs again: processes left by a crash may still use the same directories.
  await launcher.sweep()
  await launcher.watchChildren(gitMarker)
  await sessions.open()
  if (shared) closers.push(shared.start({ keys: keyRegistry, logins, sessions, sealer }))
  node?.cluster.open(sessions)
  inspectAtStart(launcher, sessions, log, hooks).catch(error =>
    log.error({ err: error }, 'Claude Code inspection failed'),
  )
  return {
    sessions,
    keyRegistry,
    keys,
    audit,
    logins,
    launcher,
    git,
    cluster: node?.cluster,
    shared,
    limitsOf,
    isolation: means?.isolation ?? { level: 'none', missingBounds: [] },
    close: endResponses => closeAll(closers, endResponses),
  }
}

function openStoreAlone({ dataDir, database }: RuntimeOptions, log: Logger): Promise<Store> {
  return openStore({ file: databaseFileIn(dataDir), log, ...(database && { database }) })
}

/** Undefined: the server has its store for itself. */
async function openNodeOf(
  { dataDir, database, cluster: options, maxBodyBytes, maxUploadBytes, ...given }: RuntimeOptions,
  portable: string | undefined,
  log: Logger,
  { figures, answer, onLost }: RuntimeHooks,
): Promise<OpenNode | undefined> {
  if (!options || !database) return undefined
  return openNode({
    ...{ options, portable, database, log, answer, onLost },
    file: databaseFileIn(dataDir),
    processesDirectory: join(dataDir, 'processes'),
    slotsFree: () => countFreeSlots(figures(), given),
    drainTimeoutMs: given.drainTimeoutMs,
    maxBodyBytes: Math.max(maxBodyBytes, maxUploadBytes),
  })
}

function toPlace({ cluster }: OpenNode): ClusterPlace {
  const { membership } = cluster
  return { nodeId: membership.id, isFirst: () => membership.isFirst }
}

function toLimitsOf(keys: KeyRegistry, tenantLimits: RuntimeOptions['tenantLimits']): LimitsOf {
  return ({ tenantId, keyId }) => {
    const key = keys.get(keyId)
    const ofKey = key?.tenantId === tenantId ? key.limits : undefined
    return { key: ofKey, tenant: tenantLimits.get(tenantId) }
  }
}

function warnOfTenant({ isolation }: RuntimeOptions, log: Logger): void {
  if (isolation !== undefined) return
  log.warn({ setting: 'isolation' }, 'a second tenant: the next start needs isolation to be set')
}

/** Inspects Claude Code in the background, and if it works, starts a first spare process. */
async function inspectAtStart(
  launcher: ClaudeLauncher,
  sessions: Sessions,
  log: Logger,
  { isClosing }: RuntimeHooks,
): Promise<void> {
  await pause(quietMs, undefined, { ref: false })
  if (isClosing()) return
  // If a session has been created meanwhile, its process gives the same answer.
  const { failure } = launcher.isUsed ? (launcher.lastInspection ?? {}) : await launcher.inspect()
  // An inspection that close has interrupted gives no answer about Claude Code.
  if (isClosing()) return
  if (failure) log.warn({ reason: failure.reason }, failure.message)
  else await sessions.prepareSpare(defaultTenantId)
}

export async function closeAll(closers: readonly Closer[], endResponses: () => Promise<void>): Promise<void> {
  let failed: { error: unknown } | undefined
  for (const close of closers.toReversed()) {
    await close(endResponses).catch(error => {
      failed ??= { error }
    })
  }
  if (failed) throw failed.error
}

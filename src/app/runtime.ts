import { randomUUID } from 'node:crypto'
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
import type { TenantConfig } from '../config/tenants.ts'
import type { CallerLimits } from '../contract/caller-limits.ts'
import { ServiceError } from '../contract/errors.ts'
import { schemaChecks } from '../lib/schema-checks.ts'
import { createSealer } from '../lib/sealed-text.ts'
import type { LimitedCaller, LimitsOf } from '../sessions/limits/limits-of.ts'
import type { SessionsOptions } from '../sessions/options.ts'
import type { AgentInspection } from '../sessions/ports/index.ts'
import { defaultTenantId } from '../sessions/records.ts'
import type { SessionsFigures, SessionsObserver } from '../sessions/reports/figures.ts'
import { Sessions } from '../sessions/sessions.ts'
import { openStore, type StoreDatabase } from '../store/open-store.ts'
import { LocalWorkspaceFiles } from '../workspace/files/files.ts'
import type { Git } from '../workspace/git/git-command.ts'
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
import { ensureSecretKeys } from './secret-key.ts'
import { databaseFileIn } from './store-places.ts'
import { openWorkspaces } from './workspaces.ts'

/** How long the server waits for a first session before it inspects Claude Code on its own. */
const quietMs = 1_000

export interface RuntimeOptions extends TenantSources, SessionsOptions, IsolationOptions {
  auth: TenantSources['auth'] & AcceptedCallers
  dataDir: string
  /** Undefined: a file in `dataDir`. */
  database: StoreDatabase | undefined
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
}

/** Closes one thing that was opened; responses end when nothing more is to be said, while the store is open. */
type Closer = (endResponses: () => Promise<void>) => Promise<unknown>

interface Opened {
  keyRegistry: KeyRegistry
  keys: Keys
  audit: AuditTrail
  logins: ConsoleLogins
  sessions: Sessions
  launcher: ClaudeLauncher
  git: Git
  isolation: Isolation
  close(endResponses: () => Promise<void>): Promise<void>
}

/** Opens the parts of the service once, and closes them in reverse order. */
export class Runtime {
  readonly #options: RuntimeOptions
  readonly #log: Logger
  readonly #observer: SessionsObserver
  #opening: Promise<Opened> | undefined
  #opened: Opened | undefined
  #keyRegistry: KeyRegistry | undefined
  #closing: Promise<void> | undefined

  constructor(options: RuntimeOptions, log: Logger, observer: SessionsObserver) {
    this.#options = options
    this.#log = log
    this.#observer = observer
  }

  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Resolves when everything is open. Calls share one attempt; after a failed attempt the next call tries again.
   *
   * @throws ServiceError SHUTTING_DOWN
   */
  async ready(): Promise<void> {
    if (this.#closing) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    this.#opening ??= this.#open().catch(error => {
      this.#opening = undefined
      throw error
    })
    this.#opened = await this.#opening
  }

  /** Must be read after `ready`. */
  get sessions(): Sessions {
    if (!this.#opened) throw new Error('claude-code-api is not open yet')
    return this.#opened.sessions
  }

  /** Must be read after `ready`. */
  get keys(): Keys {
    if (!this.#opened) throw new Error('claude-code-api is not open yet')
    return this.#opened.keys
  }

  /** Must be read after `ready`. */
  get audit(): AuditTrail {
    if (!this.#opened) throw new Error('claude-code-api is not open yet')
    return this.#opened.audit
  }

  /** Must be read after `ready`. */
  get logins(): ConsoleLogins {
    if (!this.#opened) throw new Error('claude-code-api is not open yet')
    return this.#opened.logins
  }

  /** Undefined until everything is open. */
  get keyRegistry(): KeyRegistry | undefined {
    return this.#opened?.keyRegistry
  }

  /** The isolation in force; undefined before it is known. */
  get isolation(): Isolation | undefined {
    return this.#opened?.isolation
  }

  /** The limits of a caller as they are now; none before the keys have been read. */
  limitsOf({ tenantId, keyId }: LimitedCaller): ReturnType<LimitsOf> {
    const key = this.#keyRegistry?.get(keyId)
    const ofKey = key?.tenantId === tenantId ? key.limits : undefined
    return { key: ofKey, tenant: this.#options.tenantLimits.get(tenantId) }
  }

  /** The state of the sessions; undefined before they are open. */
  get figures(): SessionsFigures | undefined {
    return this.#opened?.sessions.figures()
  }

  /** How many turns run. */
  get runningTurns(): number {
    return this.#opened?.sessions.runningTurns ?? 0
  }

  /** Inspects Claude Code. Opens the service first if necessary. */
  async inspectAgent(): Promise<AgentInspection> {
    await this.ready()
    const launcher = this.#opened?.launcher
    if (!launcher) throw new Error('claude-code-api is not open yet')
    return launcher.lastInspection ?? launcher.inspect()
  }

  /**
   * Ends turns, responses, processes and the store, in this order. Idempotent.
   *
   * @param endResponses called after all readers got their last item, while the store is still open
   */
  close(endResponses: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(endResponses)
    return this.#closing
  }

  /** Ends all processes at once without waiting, for a program that is about to exit. */
  killProcesses(): void {
    this.#opened?.launcher.killAll()
    this.#opened?.git.killAll()
  }

  async #open(): Promise<Opened> {
    const closers: Closer[] = []
    // Undoes what has been opened if the rest cannot be.
    return this.#openAll(closers).catch(async error => {
      await closeAll(closers, async () => {})
      throw error
    })
  }

  /** @param closers gets one for everything that is opened; they run in reverse order */
  async #openAll(closers: Closer[]): Promise<Opened> {
    const { dataDir, database, claudeExecutable, agentEnvironment, watchdogMs, secretKeys, ...given } =
      this.#options
    await secureDataDirectory(dataDir, this.#log)
    const file = databaseFileIn(dataDir)
    const store = await openStore({ file, log: this.#log, ...(database && { database }) })
    closers.push(() => store.close())
    const audit = new AuditTrail({
      store: store.audit,
      retentionMs: this.#options.auditRetentionMs,
      faults: this.#log,
      onAudit: record => this.#log.info({ audit: record }, 'audit'),
    })
    audit.open()
    closers.push(() => audit.close())
    const keyRegistry = new KeyRegistry(store.keys, this.#log)
    await keyRegistry.open()
    this.#keyRegistry = keyRegistry
    closers.push(() => keyRegistry.close())
    const logins = new ConsoleLogins({ store: store.logins, faults: this.#log })
    await logins.open()
    closers.push(() => logins.close())
    const keys = new Keys({ registry: keyRegistry, sessions: store, onTenant: () => this.#warnOfTenant() })
    closers.push(() => schemaChecks.rest())
    // The store is locked at this point, so two starts cannot create a key each.
    const sealingKeys = secretKeys ?? (await ensureSecretKeys(dataDir))
    const forwarder = await openForwarder(this.#options, this.#log)
    closers.push(() => forwarder.close())
    const gitMarker = randomUUID()
    if (hasSeveralTenants(this.#options, keyRegistry)) requireChoice(this.#options, severalTenants)
    const means = await findIsolation(this.#options)
    const gitBox = means && openGitBox(this.#options, means, gitMarker)
    const places = { ...this.#options, gitMarker, gitBox }
    const { workspaces, options, git, tops } = await openWorkspaces(
      places,
      given,
      store,
      forwarder,
      this.#log,
    )
    const boxes = means && openBoxes(this.#options, means, forwarder, this.#log)
    const launcher = new ClaudeLauncher(
      { environment: agentEnvironment, executable: claudeExecutable },
      options.defaultCwd,
      this.#log,
      {
        transcripts: store.transcripts,
        processes: store.processes,
        forwarder,
        watchdogMs,
        boxes,
        boxDirectory: boxDirectoryIn(dataDir),
        maxWorkspaceBytes: this.#options.maxWorkspaceBytes,
        skillsDirectory: join(dataDir, 'skills'),
      },
    )
    closers.push(() => launcher.close())
    closers.push(() => git.close())
    const sealer = createSealer(sealingKeys)
    const workspace = new LocalWorkspaceFiles({
      forbidden: [dataDir, this.#options.workspacesDir],
      tops,
    })
    const sessions = new Sessions({
      store,
      launcher,
      transcriptEditor,
      workspace,
      workspaces,
      faults: this.#log,
      observer: this.#observer,
      sender: forwarder,
      onWebhookDisabled: ({ id, disabledReason: reason }) =>
        this.#log.warn({ webhookId: id, reason }, 'webhook disabled'),
      pushSender: forwarder,
      standing: new PresentCallers(this.#options.auth, keyRegistry),
      onPushFailed: ({ id, service }, { failure, responseStatus: status }) =>
        this.#log.warn({ subscriptionId: id, service, reason: failure?.reason, status }, 'push failed'),
      onPushKeysReplaced: () =>
        this.#log.warn('push keys unreadable: browsers have to subscribe again with new keys'),
      sealer,
      options,
      limitsOf: caller => this.limitsOf(caller),
      builtInModels,
    })
    closers.push(async endResponses => {
      await sessions.close()
      await endResponses()
    })
    // Must come before any turn runs again: processes left by a crash may still use the same directories.
    await launcher.sweep()
    await launcher.watchChildren(gitMarker)
    await sessions.open()
    this.#inspectAtStart(launcher, sessions).catch(error =>
      this.#log.error({ err: error }, 'Claude Code inspection failed'),
    )
    return {
      sessions,
      keyRegistry,
      keys,
      audit,
      logins,
      launcher,
      git,
      isolation: means?.isolation ?? { level: 'none', missingBounds: [] },
      close: endResponses => closeAll(closers, endResponses),
    }
  }

  #warnOfTenant(): void {
    if (this.#options.isolation !== undefined) return
    this.#log.warn({ setting: 'isolation' }, 'a second tenant: the next start needs isolation to be set')
  }

  /** Inspects Claude Code in the background, and if it works, starts a first spare process. */
  async #inspectAtStart(launcher: ClaudeLauncher, sessions: Sessions): Promise<void> {
    await pause(quietMs, undefined, { ref: false })
    if (this.#closing) return
    // If a session has been created meanwhile, its process gives the same answer.
    const { failure } = launcher.isUsed ? (launcher.lastInspection ?? {}) : await launcher.inspect()
    // An inspection that close has interrupted gives no answer about Claude Code.
    if (this.#closing) return
    if (failure) this.#log.warn({ reason: failure.reason }, failure.message)
    else await sessions.prepareSpare(defaultTenantId)
  }

  async #close(endResponses: () => Promise<void>): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    await (opened ? opened.close(endResponses) : endResponses())
  }
}

async function closeAll(closers: readonly Closer[], endResponses: () => Promise<void>): Promise<void> {
  for (const close of closers.toReversed()) await close(endResponses)
}

import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { Core } from '../core.ts'
import { givenTitle } from '../lifecycle/new-session.ts'
import { optionsOf } from '../options.ts'
import { checkPermissionMode } from '../permissions/permission-mode.ts'
import type { Change } from '../ports/index.ts'
import type { Caller, SessionRecord } from '../records.ts'
import { sealSettings } from './secrets.ts'
import type { PatchRequest, SettingPolicy } from './setting-policy.ts'

type Stored = Pick<SessionRecord, 'settings' | 'secrets'>

/** Fields that a process of Claude Code is started with. */
const configuration = [
  'model',
  'permissionMode',
  'maxTurns',
  'effort',
  'mcpServers',
  'clientTools',
  'clientHooks',
  'maxBudgetUsd',
  'promptSuggestions',
  'titles',
] as const

/** Settings without secrets, which a request replaces as a whole. */
const plainSettings = [
  'effort',
  'maxBudgetUsd',
  'promptSuggestions',
  'titles',
  'clientTools',
  'clientHooks',
] as const

/** Fields that say where people keep the session; they change whatever its status. */
const filing: ReadonlySet<string> = new Set(['tags', 'archived'])

/** Changes sessions, one change of a session after the other. */
export class SessionChanges {
  readonly #core: Core
  readonly #policy: SettingPolicy
  readonly #sealer: Sealer
  readonly #order = new OneAtATime()

  constructor(core: Core, policy: SettingPolicy, sealer: Sealer) {
    this.#core = core
    this.#policy = policy
    this.#sealer = sealer
  }

  /** @throws ServiceError as `SettingPolicy.admitChange`, SESSION_NOT_FOUND, SESSION_EXPIRED, SESSION_ENDED */
  patch(caller: Caller, sessionId: string, request: PatchRequest): Promise<void> {
    return this.#order.run(sessionId, () => this.#patch(caller, sessionId, request))
  }

  async #patch(caller: Caller, sessionId: string, request: PatchRequest): Promise<void> {
    const { options, known, live, log } = this.#core
    if (request.permissionMode)
      checkPermissionMode(request.permissionMode, optionsOf(options, caller.tenantId).allowBypassPermissions)
    const find = () => (isFiling(request) ? known.get(caller, sessionId) : known.getActive(caller, sessionId))
    const session = await find()
    await this.#policy.admitChange(session, request)
    const commit = async () => {
      // The process may have changed it meanwhile.
      const { columns, payload } = this.#toChange(await find(), request)
      if (Object.keys(payload).length === 0) return undefined
      await log.commit({
        tenantId: session.tenantId,
        sessionId: session.id,
        at: Date.now(),
        session: columns,
        events: [{ type: 'session.updated', turnId: null, payload }],
      })
      return payload
    }
    const followed = (['permissionMode', 'model', 'effort'] as const).filter(
      field => request[field] !== undefined,
    )
    const running = live.find(session.id)
    await (running ? running.change(followed, commit) : commit())
    if (configuration.some(field => request[field] !== undefined)) live.find(session.id)?.process.invalidate()
  }

  #toChange(session: SessionRecord, request: PatchRequest) {
    const { model, mcpServers, title, ...others } = request
    const given = Object.entries(others).filter(([, value]) => value !== undefined)
    const isSetting = ([name]: [string, unknown]) => (plainSettings as readonly string[]).includes(name)
    const plain = {
      ...Object.fromEntries(given.filter(entry => !isSetting(entry))),
      ...(title !== undefined && givenTitle(title)),
    }
    const stored = this.#toStored(session, request)
    const columns: Change['session'] = {
      ...plain,
      ...(model !== undefined && { requestedModel: model, model }),
      ...stored,
    }
    const payload = {
      ...plain,
      ...(model !== undefined && { model }),
      ...Object.fromEntries(given.filter(isSetting)),
      ...(mcpServers !== undefined && { mcpServers: stored?.settings.mcpServers ?? null }),
    }
    return { columns, payload }
  }

  /** The settings after the change; undefined when it touches none. */
  #toStored(session: SessionRecord, request: PatchRequest): Stored | undefined {
    const { mcpServers } = request
    const changed = plainSettings.filter(name => request[name] !== undefined)
    if (mcpServers === undefined && changed.length === 0) return undefined
    const settings = { ...session.settings }
    let secrets = session.secrets
    for (const name of changed) put(settings, name, request[name] as never)
    if (mcpServers !== undefined) {
      const { mcpServers: _old, ...others } = session.secrets
      const { agentEnv: _sealedAlready, ...shown } = settings
      const sealed = mcpServers && sealSettings({ ...shown, mcpServers }, session.tenantId, this.#sealer)
      put(settings, 'mcpServers', sealed?.settings.mcpServers ?? null)
      secrets = { ...others, ...sealed?.secrets }
    }
    return { settings, secrets }
  }
}

/** Whether the request changes such fields alone. */
function isFiling(request: PatchRequest): boolean {
  const changed = Object.entries(request).filter(([, value]) => value !== undefined)
  return changed.length > 0 && changed.every(([name]) => filing.has(name))
}

function put<N extends keyof Stored['settings']>(
  settings: Stored['settings'],
  name: N,
  value: NonNullable<Stored['settings'][N]> | null,
): void {
  if (value === null) delete settings[name]
  else settings[name] = value
}

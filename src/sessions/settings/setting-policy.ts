import { clientServerName } from '../../contract/client-requests.ts'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { pickSettings, type SessionSettings } from '../../contract/session-settings.ts'
import { resolveDirectory } from '../files/working-directory.ts'
import type { WantedSession } from '../lifecycle/wanted-session.ts'
import { optionsOf, type SessionsOptions } from '../options.ts'
import { checkPermissionMode } from '../permissions/permission-mode.ts'
import type { AgentLauncher } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import { checkMcpAddresses } from './mcp-addresses.ts'
import { checkSupport, dependsOnInstalled, type Wanted } from './model-support.ts'
import { checkOutputSchema, checkToolSchemas } from './output-schema.ts'

export type PatchRequest = OperationInput<'patchSession'>['body']

/** Which settings a session may have: what the server allows, and what the installed Claude Code knows. */
export class SettingPolicy {
  readonly #options: SessionsOptions
  readonly #launcher: AgentLauncher

  constructor(options: SessionsOptions, launcher: AgentLauncher) {
    this.#options = options
    this.#launcher = launcher
  }

  /**
   * The settings of a session that is asked for, with real paths.
   * @throws ServiceError SETTING_NOT_ALLOWED, PERMISSION_MODE_NOT_ALLOWED, CWD_NOT_ALLOWED, INVALID_REQUEST
   */
  async admit(tenantId: string, request: Omit<WantedSession, 'preset'>): Promise<SessionSettings> {
    const settings = pickSettings(request)
    const options = optionsOf(this.#options, tenantId)
    checkAllowed(options, settings)
    await checkOutputSchema(settings.outputFormat)
    await checkToolSchemas(settings.clientTools)
    await this.#checkSupport({ model: request.model ?? null, settings })
    if (!settings.additionalDirectories) return settings
    const resolved = settings.additionalDirectories.map((directory, index) =>
      resolveDirectory(`additionalDirectories[${index}]`, directory, options),
    )
    return { ...settings, additionalDirectories: await Promise.all(resolved) }
  }

  /**
   * Whether the settings of a session may be those of a new one today.
   * @throws ServiceError as `admit`
   */
  async admitAgain({ tenantId, permissionMode, settings }: SessionRecord): Promise<void> {
    const options = optionsOf(this.#options, tenantId)
    checkPermissionMode(permissionMode, options.allowBypassPermissions)
    // Those that are not allowed any more do not take effect: see `SettingsInForce`.
    const { settingSources: _, ...others } = settings
    checkAllowed(options, others)
    await checkOutputSchema(settings.outputFormat)
    await checkToolSchemas(settings.clientTools)
    for (const [index, directory] of (settings.additionalDirectories ?? []).entries()) {
      await resolveDirectory(`additionalDirectories[${index}]`, directory, options)
    }
  }

  /** @throws ServiceError as `admit`, for what the change makes of the session */
  async admitChange(session: SessionRecord, request: PatchRequest): Promise<void> {
    const { model, effort, mcpServers } = request
    const { agents } = session.settings
    checkServerNames({ ...session.settings, ...withoutUnset(request) })
    if (request.clientTools) await checkToolSchemas(request.clientTools)
    const options = optionsOf(this.#options, session.tenantId)
    if (mcpServers) checkAllowed(options, { mcpServers, ...(agents && { agents }) })
    else if (mcpServers === null) checkAgentServers(agents, {})
    if (model === undefined && effort === undefined) return
    const { effort: before, thinking, fallbackModel } = session.settings
    const wanted = effort === undefined ? before : (effort ?? undefined)
    await this.#checkSupport({
      model: model === undefined ? session.requestedModel : model,
      settings: {
        ...(wanted !== undefined && { effort: wanted }),
        ...(thinking !== undefined && { thinking }),
        ...(fallbackModel !== undefined && { fallbackModel }),
      },
    })
  }

  async #checkSupport(wanted: Wanted): Promise<void> {
    if (!dependsOnInstalled(wanted)) return
    const known = this.#launcher.lastInspection
    // One that could not be asked lets everything through: the turn that needs it tells why.
    checkSupport(known?.tools ? known : await this.#launcher.inspect(), wanted)
  }
}

/** @throws ServiceError INVALID_REQUEST where a server has the name under which Claude finds the caller's tools */
function checkServerNames({ mcpServers, clientTools }: ServersOf): void {
  if (!clientTools?.length || !mcpServers || !Object.hasOwn(mcpServers, clientServerName)) return
  const message = 'must have another name: Claude finds the tools of clientTools under this one'
  throw invalidField(`mcpServers.${clientServerName}`, message)
}

type ServersOf = { [Name in 'mcpServers' | 'clientTools']?: SessionSettings[Name] | null }

function withoutUnset({ mcpServers, clientTools }: PatchRequest): ServersOf {
  return {
    ...(mcpServers !== undefined && { mcpServers }),
    ...(clientTools !== undefined && { clientTools }),
  }
}

function checkAgentServers(agents: SessionSettings['agents'], servers: object): void {
  for (const [name, { mcpServers = [] }] of Object.entries(agents ?? {})) {
    const missing = mcpServers.find(server => !Object.hasOwn(servers, server))
    if (missing === undefined) continue
    throw invalidField(
      `agents.${name}.mcpServers`,
      `must name the session's mcpServers; ${missing} is not one of them`,
    )
  }
}

function checkAllowed(options: SessionsOptions, settings: Partial<SessionSettings>): void {
  const { allowStdioMcpServers, allowedSettingSources, allowedAgentEnv, allowBypassPermissions } = options
  const { mcpServers = {}, settingSources = [], agentEnv = {}, agents } = settings
  for (const [name, { type }] of Object.entries(mcpServers)) {
    if (type !== 'stdio' || allowStdioMcpServers) continue
    const message = `mcpServers.${name} would start a program; this server's owner can allow that with allowStdioMcpServers: true`
    const details = {
      setting: `mcpServers.${name}`,
      option: 'allowStdioMcpServers',
      allowed: ['http', 'sse'],
    }
    throw new ServiceError('SETTING_NOT_ALLOWED', message, details)
  }
  checkMcpAddresses(mcpServers, options.allowedPrivateHosts ?? [], options.agentNetwork ?? 'all')
  checkListed('settingSources', settingSources, 'allowedSettingSources', allowedSettingSources)
  checkListed('agentEnv', Object.keys(agentEnv), 'allowedAgentEnv', allowedAgentEnv)
  for (const { permissionMode } of Object.values(agents ?? {})) {
    if (permissionMode !== undefined) checkPermissionMode(permissionMode, allowBypassPermissions)
  }
  checkAgentServers(agents, mcpServers)
  checkServerNames(settings)
}

function checkListed(
  setting: string,
  asked: readonly string[],
  option: string,
  allowed: readonly string[],
): void {
  const refused = asked.find(value => !allowed.includes(value))
  if (refused === undefined) return
  throw new ServiceError(
    'SETTING_NOT_ALLOWED',
    `${setting}: this server does not allow ${refused}; its owner can allow it with ${option}`,
    { setting, option, allowed: [...allowed] },
  )
}

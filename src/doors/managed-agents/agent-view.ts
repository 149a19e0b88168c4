import type { Effort, PresetConfiguration } from '../../client/index.ts'
import type { GivenServer, GivenTool } from './agent-schema.ts'
import { isNameOfOurs, toAgentId } from './ids.ts'
import { type BuiltInName, builtInNames, toClaudeName } from './tool-names.ts'

export interface Policy {
  type: 'always_allow' | 'always_ask' | 'auto'
}

interface Config<Name extends string> {
  name: Name
  enabled: boolean
  permission_policy: Policy
}

interface DefaultConfig {
  enabled: boolean
  permission_policy: Policy
}

export type BuiltInConfig =
  | { [Name in Exclude<BuiltInName, 'web_fetch'>]: Config<Name> & { type: Name } }[Exclude<
      BuiltInName,
      'web_fetch'
    >]
  | (Config<'web_fetch'> & { type: 'web_fetch'; url_sources: null })

export type AgentTool =
  | { type: 'agent_toolset_20260401'; default_config: DefaultConfig; configs: BuiltInConfig[] }
  | {
      type: 'mcp_toolset'
      mcp_server_name: string
      default_config: DefaultConfig
      configs: Config<string>[]
    }
  | {
      type: 'custom'
      name: string
      description: string
      input_schema: { type: 'object'; [key: string]: unknown }
    }

/** The parts of an agent that a session takes over. */
export interface AgentDefinition {
  name: string
  description: string | null
  model: { id: string; effort?: { type: Effort } }
  system: string | null
  tools: AgentTool[]
  mcp_servers: GivenServer[]
}

export interface SessionAgent extends AgentDefinition {
  type: 'agent'
  id: string
  version: number
  skills: []
  multiagent: null
  execution_identity: { type: 'service_account' }
}

export interface Agent extends SessionAgent {
  metadata: Record<string, string>
  archived_at: string | null
  created_at: string
  updated_at: string
}

/** The fields of a preset that an agent is read from. */
export interface AgentSource {
  name: string
  version: number
  description: string | null
  configuration: PresetConfiguration
  metadata: Record<string, unknown>
}

/** The name in metadata of presets and sessions under which the door keeps the rest of an object. */
export const ownMetadata = 'managedAgents'

/** Toolsets as they were given; custom tools by name, since the configuration has them. */
type KeptTool = Exclude<GivenTool, { type: 'custom' }> | { type: 'custom'; name: string }

export interface AgentMetadata {
  name: string
  /** When the first version was made, in later ones. */
  createdAt?: string
  metadata: Record<string, string>
  /** Left out: the preset has rules that were not made by this door. */
  tools?: KeptTool[]
}

/** Undefined: the preset was not made by this door. */
export function readAgentMetadata({ metadata }: Pick<AgentSource, 'metadata'>): AgentMetadata | undefined {
  return metadata[ownMetadata] as AgentMetadata | undefined
}

export function keepTools(tools: readonly GivenTool[]): KeptTool[] {
  return tools.map(tool => (tool.type === 'custom' ? { type: tool.type, name: tool.name } : tool))
}

export function toSessionAgent(source: AgentSource): SessionAgent {
  return {
    type: 'agent',
    id: toAgentId(source.name),
    version: source.version,
    ...toDefinition(source),
    skills: [],
    multiagent: null,
    execution_identity: { type: 'service_account' },
  }
}

export function toDefinition(source: AgentSource): AgentDefinition {
  const { configuration, description } = source
  const { model, effort, systemPrompt } = configuration
  const own = readAgentMetadata(source)
  return {
    name: own?.name ?? source.name,
    description,
    model: { id: model ?? 'default', ...(effort && { effort: { type: effort } }) },
    system: typeof systemPrompt === 'string' ? systemPrompt : null,
    tools: own?.tools
      ? resolveTools(toGivenTools(own.tools, configuration))
      : guessTools(configuration, isNameOfOurs(source.name)),
    mcp_servers: toServers(configuration),
  }
}

/** The tools as they were given, custom ones with what the configuration has of them. */
export function toGivenTools(
  kept: readonly KeptTool[],
  { clientTools = [] }: Pick<PresetConfiguration, 'clientTools'>,
): GivenTool[] {
  return kept.flatMap((tool): GivenTool[] => {
    if (tool.type !== 'custom') return [tool]
    const found = clientTools.find(({ name }) => name === tool.name)
    return found ? [toCustomTool(found)] : []
  })
}

function toCustomTool({
  name,
  description = '',
  inputSchema,
}: NonNullable<PresetConfiguration['clientTools']>[number]) {
  return {
    type: 'custom' as const,
    name,
    description,
    input_schema: { ...inputSchema, type: 'object' as const },
  }
}

/** Fills in the defaults: built-in tools run without asking, those of MCP servers are asked about. */
export function resolveTools(given: readonly GivenTool[]): AgentTool[] {
  return given.map(resolveTool)
}

function resolveTool(tool: GivenTool): AgentTool {
  switch (tool.type) {
    case 'custom':
      return tool
    case 'agent_toolset_20260401': {
      const usual = resolveConfig(tool.default_config, { enabled: true, permission_policy: allow })
      const configs = (tool.configs ?? []).map(config =>
        toBuiltInConfig(config.name, resolveConfig(config, usual)),
      )
      return { type: tool.type, default_config: usual, configs }
    }
    case 'mcp_toolset': {
      const { type, mcp_server_name, default_config, configs = [] } = tool
      const usual = resolveConfig(default_config, { enabled: true, permission_policy: ask })
      const named = configs.map(config => ({ name: config.name, ...resolveConfig(config, usual) }))
      return { type, mcp_server_name, default_config: usual, configs: named }
    }
  }
}

const allow: Policy = { type: 'always_allow' }
const ask: Policy = { type: 'always_ask' }
const auto: Policy = { type: 'auto' }

interface GivenConfig {
  enabled?: boolean | null | undefined
  permission_policy?: Policy | null | undefined
}

function resolveConfig(given: GivenConfig | null | undefined, usual: DefaultConfig): DefaultConfig {
  return {
    enabled: given?.enabled ?? usual.enabled,
    permission_policy: given?.permission_policy ?? usual.permission_policy,
  }
}

function toBuiltInConfig(name: BuiltInName, config: DefaultConfig): BuiltInConfig {
  if (name === 'web_fetch') return { name, type: name, ...config, url_sources: null }
  return { name, type: name, ...config } as BuiltInConfig
}

/**
 * The tools as a configuration alone says: that of a preset which was made elsewhere, where Claude Code's rules decide
 * when it asks, or of a session whose agent cannot be read.
 *
 * @param isOurs this door has made the configuration, and says in it when to ask
 */
function guessTools(configuration: PresetConfiguration, isOurs: boolean): AgentTool[] {
  const { tools, clientTools = [], mcpServers, clientHooks } = configuration
  const [allowed, denied] = isOurs ? [configuration.allowedTools, configuration.disallowedTools] : []
  // Calls that a hook of the client decides are asked about.
  const asked = (clientHooks?.PreToolUse ?? []).flatMap(({ matcher }) => (matcher || '*').split(/[|, ]+/))
  const usual = (policy: Policy): DefaultConfig => ({ enabled: true, permission_policy: policy })
  const elsewhere = asked.includes('*') ? ask : auto
  const ofToolset = usual(isOurs ? allow : elsewhere)
  const configs = builtInNames.flatMap(name => {
    const enabled = !tools || tools.includes(toClaudeName(name))
    const isAsked = asked.includes(toClaudeName(name))
    if (enabled && !isAsked) return []
    return [
      toBuiltInConfig(name, { enabled, permission_policy: isAsked ? ask : ofToolset.permission_policy }),
    ]
  })
  const hasToolset = !isOurs || configs.some(({ enabled }) => enabled) || configs.length < builtInNames.length
  const ofServers = toServers({ mcpServers }).map(({ name: server }): AgentTool => {
    const prefix = `mcp__${server}__`
    const ofServer = usual(!isOurs ? elsewhere : allowed?.includes(`${prefix}*`) ? allow : ask)
    const rules = new Set([...asked, ...(allowed ?? []), ...(denied ?? [])])
    rules.delete(`${prefix}*`)
    const named = [...rules].filter(rule => rule.startsWith(prefix) && /^[\w-]+$/.test(rule))
    return {
      type: 'mcp_toolset',
      mcp_server_name: server,
      default_config: ofServer,
      configs: named.map(rule => ({
        name: rule.slice(prefix.length),
        enabled: !denied?.includes(rule),
        permission_policy: asked.includes(rule)
          ? ask
          : allowed?.includes(rule)
            ? allow
            : ofServer.permission_policy,
      })),
    }
  })
  return [
    ...(hasToolset ? [{ type: 'agent_toolset_20260401' as const, default_config: ofToolset, configs }] : []),
    ...ofServers,
    ...clientTools.map(toCustomTool),
  ]
}

/** Servers that have a URL. */
function toServers({ mcpServers = {} }: { mcpServers?: PresetConfiguration['mcpServers'] | undefined }) {
  return Object.entries(mcpServers).flatMap(([name, server]): GivenServer[] =>
    server.type === 'stdio' ? [] : [{ type: 'url', name, url: server.url }],
  )
}

/** When a call of a tool is asked about; undefined: Claude Code's rules decide. */
export function policyOf(tools: readonly AgentTool[], called: { server?: string; name: string }) {
  for (const tool of tools) {
    if (called.server === undefined && tool.type === 'agent_toolset_20260401') {
      return (tool.configs.find(({ name }) => name === called.name) ?? tool.default_config).permission_policy
    }
    if (tool.type === 'mcp_toolset' && tool.mcp_server_name === called.server) {
      return (tool.configs.find(({ name }) => name === called.name) ?? tool.default_config).permission_policy
    }
  }
  return undefined
}

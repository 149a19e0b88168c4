import type { PresetConfiguration } from '../../client/index.ts'
import type { GivenServer, GivenTool } from './agent-schema.ts'
import { type AgentTool, resolveTools } from './agent-view.ts'
import { invalid } from './errors.ts'
import { builtInNames, toClaudeName } from './tool-names.ts'

/** The longest that our API waits for a person: the protocol waits indefinitely. */
const longestWaitMs = 30 * 24 * 60 * 60 * 1000

/** Requests of sessions wait for the client. */
export const askingSettings = { permissionPrompts: 'ask', permissionTimeoutMs: longestWaitMs } as const

type Toolset = Extract<AgentTool, { type: 'agent_toolset_20260401' }>
type McpToolset = Extract<AgentTool, { type: 'mcp_toolset' }>

export type ToolSettings = {
  [Name in 'tools' | 'allowedTools' | 'disallowedTools' | 'clientTools' | 'mcpServers']: NonNullable<
    PresetConfiguration[Name]
  >
} & { clientHooks?: NonNullable<PresetConfiguration['clientHooks']> }

/**
 * The settings of a session for the tools of an agent. Calls that are always asked about become a hook that the client
 * decides, because Claude Code asks about some calls only.
 *
 * @param at the place of the fields `tools` and `mcp_servers`, such as `agent.`
 * @throws Refusal for tools that contradict each other
 */
export function toToolSettings(
  given: readonly GivenTool[],
  servers: readonly GivenServer[],
  at = '',
): ToolSettings {
  checkTools(given, servers, at)
  const tools = resolveTools(given)
  const toolset = tools.find((tool): tool is Toolset => tool.type === 'agent_toolset_20260401')
  const builtIn = toolset ? toBuiltInTools(toolset) : { enabled: [], allowed: [], asked: [] }
  const mcp = tools.filter((tool): tool is McpToolset => tool.type === 'mcp_toolset').map(toMcpTools)
  const asked = [...builtIn.asked, ...mcp.flatMap(one => one.asked)]
  return {
    tools: builtIn.enabled,
    allowedTools: [...builtIn.allowed, ...mcp.flatMap(({ allowed }) => allowed)],
    disallowedTools: mcp.flatMap(({ denied }) => denied),
    clientTools: tools.flatMap(tool => (tool.type === 'custom' ? [toClientTool(tool)] : [])),
    // Without a tool to search for others, Claude has to see those of servers from the start.
    mcpServers: Object.fromEntries(
      servers.map(({ name, url }) => [name, { type: 'http' as const, url, alwaysLoad: true }]),
    ),
    ...(asked.length > 0 && { clientHooks: { PreToolUse: [toAskingHook(asked)] } }),
  }
}

function toAskingHook(tools: readonly string[]) {
  return { matcher: tools.join('|'), timeoutMs: longestWaitMs, onFailure: 'block' as const }
}

function toClientTool({ name, description, input_schema }: Extract<AgentTool, { type: 'custom' }>) {
  // The protocol's clients get all calls of a message at once, which Claude Code does for reading tools only.
  return { name, description, inputSchema: input_schema, readOnly: true }
}

function toBuiltInTools({ configs, default_config }: Toolset) {
  const all = builtInNames.map(name => ({
    claudeName: toClaudeName(name),
    ...(configs.find(config => config.name === name) ?? default_config),
  }))
  const enabled = all.filter(tool => tool.enabled)
  const withPolicy = (type: string) =>
    enabled.filter(tool => tool.permission_policy.type === type).map(({ claudeName }) => claudeName)
  return {
    enabled: enabled.map(({ claudeName }) => claudeName),
    allowed: withPolicy('always_allow'),
    asked: withPolicy('always_ask'),
  }
}

/** Claude Code asks about all tools of a server that no rule allows. */
function toMcpTools({ mcp_server_name: server, configs, default_config }: McpToolset) {
  const named = (keep: (config: McpToolset['configs'][number]) => boolean) =>
    configs.filter(keep).map(({ name }) => `mcp__${server}__${name}`)
  const isAllowed = default_config.permission_policy.type === 'always_allow'
  return {
    denied: named(({ enabled }) => !enabled),
    allowed: isAllowed
      ? [`mcp__${server}__*`]
      : named(config => config.enabled && config.permission_policy.type === 'always_allow'),
    asked: isAllowed ? named(config => config.enabled && config.permission_policy.type === 'always_ask') : [],
  }
}

function checkTools(tools: readonly GivenTool[], servers: readonly GivenServer[], at: string): void {
  const keys = tools.map(tool =>
    tool.type === 'custom' ? `custom ${tool.name}` : `${tool.type} ${serverOf(tool) ?? ''}`,
  )
  refuseRepeated(keys, index => `${at}tools[${index}]`, 'must not repeat a tool or a toolset')
  const names = servers.map(({ name }) => name)
  const nameOf = (index: number) => `${at}mcp_servers[${index}].name`
  refuseRepeated(names, nameOf, 'must not be the name of another server')
  for (const [index, tool] of tools.entries()) {
    const server = serverOf(tool)
    if (server !== undefined && !names.includes(server)) {
      throw invalid(`${at}tools[${index}].mcp_server_name`, 'must name one of mcp_servers')
    }
    const configs = tool.type === 'custom' ? [] : (tool.configs ?? [])
    refuseRepeated(
      configs.map(({ name }) => name),
      config => `${at}tools[${index}].configs[${config}].name`,
      'must not repeat a tool',
    )
  }
  const used = new Set(tools.map(serverOf))
  const unused = names.findIndex(name => !used.has(name))
  if (unused !== -1) throw invalid(nameOf(unused), 'must be named by an mcp_toolset of tools')
}

function refuseRepeated(names: readonly string[], toField: (index: number) => string, problem: string): void {
  const index = names.findIndex((name, place) => names.indexOf(name) !== place)
  if (index !== -1) throw invalid(toField(index), problem)
}

function serverOf(tool: GivenTool): string | undefined {
  return tool.type === 'mcp_toolset' ? tool.mcp_server_name : undefined
}

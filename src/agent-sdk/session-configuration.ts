import type { McpServerConfig, Options } from '@anthropic-ai/claude-agent-sdk'
import type { CreateSessionRequest } from '../client/index.ts'
import type { ClientTools } from './client-tools.ts'
import { ownEnvironment } from './environment.ts'
import { NotSupportedError } from './errors.ts'
import type { ToolNames } from './tool-names.ts'

/** Below this, the SDK ignores the timeout of an MCP server. */
const shortestTimeoutMs = 1_000
/** Splits a system prompt for the prompt cache (`SYSTEM_PROMPT_DYNAMIC_BOUNDARY` of the SDK). */
const boundary = '__SYSTEM_PROMPT_DYNAMIC_BOUNDARY__'

/** The configuration of a session for the options, without the tools and hooks that the program answers. */
export function toConfiguration(options: Options, tools: ClientTools): CreateSessionRequest {
  const { names } = tools
  const { cwd, model, permissionMode, maxTurns, maxBudgetUsd, effort, fallbackModel, outputFormat } = options
  const { additionalDirectories, settingSources, skills, promptSuggestions, canUseTool, onElicitation } =
    options
  const asks = options.permissionPrompts !== 'none' && (canUseTool ?? onElicitation) !== undefined
  const builtIn = Array.isArray(options.tools) ? options.tools.filter(name => !names.isOurs(name)) : undefined
  return defined({
    permissionPrompts: asks ? 'ask' : 'deny',
    cwd,
    model,
    permissionMode,
    // As with the SDK, 0 sets no limit.
    maxTurns: maxTurns === 0 ? undefined : maxTurns,
    maxBudgetUsd,
    effort,
    fallbackModel,
    outputFormat,
    additionalDirectories: nonEmpty(additionalDirectories),
    settingSources,
    skills,
    promptSuggestions,
    systemPrompt: toSystemPrompt(options.systemPrompt),
    appendSystemPrompt: tools.instructions,
    tools: builtIn,
    allowedTools: nonEmpty(options.allowedTools?.filter(rule => !names.isOurs(rule))),
    disallowedTools: nonEmpty(options.disallowedTools?.filter(rule => !names.isOurs(rule))),
    thinking: toThinking(options.thinking),
    agents: toAgents(options.agents, names),
    mcpServers: toMcpServers(options.mcpServers),
    agentEnv: toAgentEnv(options.env),
  }) as CreateSessionRequest
}

/** The MCP servers that Claude Code itself connects to. */
export function toMcpServers(
  servers: Readonly<Record<string, McpServerConfig>> = {},
): CreateSessionRequest['mcpServers'] {
  const others = Object.entries(servers).flatMap(([name, config]) => {
    if (config.type === 'sdk') return []
    const { timeout, ...rest } = config
    const isBound = timeout !== undefined && timeout >= shortestTimeoutMs
    return [[name, { ...rest, type: config.type ?? 'stdio', ...(isBound && { timeout }) }] as const]
  })
  if (others.length === 0) return undefined
  return Object.fromEntries(others) as NonNullable<CreateSessionRequest['mcpServers']>
}

function toSystemPrompt(given: Options['systemPrompt']): CreateSessionRequest['systemPrompt'] {
  if (given === undefined || typeof given === 'string') return given
  if (Array.isArray(given)) return joinBlocks(given)
  if (given.snapshot === false) {
    throw new NotSupportedError('options.systemPrompt.snapshot', 'the server keeps the prompt of a session')
  }
  if (given.type === 'custom') {
    return typeof given.prompt === 'string' ? given.prompt : joinBlocks(given.prompt)
  }
  const { snapshot: _, ...preset } = given
  return preset
}

function joinBlocks(blocks: readonly string[]): string {
  return blocks.filter(block => block !== boundary).join('\n\n')
}

function toThinking(given: Options['thinking']): CreateSessionRequest['thinking'] {
  if (given === undefined) return undefined
  const { display, ...thinking } = given as typeof given & { display?: unknown }
  if (display !== undefined && display !== null) {
    throw new NotSupportedError('options.thinking.display', 'the server shows thinking as Claude Code does')
  }
  return thinking as NonNullable<CreateSessionRequest['thinking']>
}

function toAgents(given: Options['agents'], names: ToolNames): CreateSessionRequest['agents'] {
  if (!given || Object.keys(given).length === 0) return undefined
  const agents = Object.entries(given).map(([name, { tools, disallowedTools, ...agent }]) => {
    for (const server of agent.mcpServers ?? []) {
      if (typeof server === 'string' && !names.isOurs(`mcp__${server}`)) continue
      const reason = 'a subagent has all SDK MCP servers, and others by their name in options.mcpServers'
      throw new NotSupportedError(`options.agents.${name}.mcpServers`, reason)
    }
    const own = {
      ...agent,
      ...(tools && { tools: tools.map(tool => names.toServer(tool)) }),
      ...(disallowedTools && { disallowedTools: disallowedTools.map(tool => names.toServer(tool)) }),
    }
    return [name, own] as const
  })
  return Object.fromEntries(agents) as NonNullable<CreateSessionRequest['agents']>
}

/**
 * The variables for Claude Code. The SDK takes its whole environment, mostly that of the program with additions; those of
 * the program belong to another machine and are not sent.
 */
function toAgentEnv(given: Options['env']): Record<string, string> | undefined {
  if (!given) return undefined
  const own = ownEnvironment()
  const isSpread = Object.keys(own).every(name => name in given)
  const added = Object.entries(given).filter(
    ([name, value]) => value !== undefined && !(isSpread && own[name] === value),
  )
  return added.length > 0 ? (Object.fromEntries(added) as Record<string, string>) : undefined
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

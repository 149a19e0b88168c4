import type { Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentFailure, AgentSpec } from '../../sessions/ports/index.ts'
import { toPlainName } from './instruction-plugin.ts'

type Initialization = Awaited<ReturnType<Query['initializationResult']>>
type Settings = AgentSpec['settings']

/** Not in the SDK's typings. */
type ToldMode = { current_permission_mode?: string }
type SettingsReader = { getSettings?(): Promise<{ applied?: { effort?: string | null } }> }

/**
 * Checks whether a new process supports all settings of its session, because Claude Code silently ignores some
 * settings that it cannot use.
 *
 * @returns the ignored setting; undefined: none
 */
export async function findIgnoredSetting(
  query: Query,
  { settings, permissionMode }: Pick<AgentSpec, 'settings' | 'permissionMode'>,
  { agents = [], commands = [], current_permission_mode: mode }: Initialization & ToldMode,
): Promise<AgentFailure | undefined> {
  if (permissionMode === 'auto' && mode !== undefined && mode !== 'auto') {
    return notSupported('permissionMode', 'the model does not support auto')
  }
  const agent = findMissing(Object.keys(settings.agents ?? {}), agents)
  if (agent !== undefined) return notSupported(`agents.${agent}`)
  const skill = Array.isArray(settings.skills)
    ? findMissing(settings.skills, commands.map(toPlain))
    : undefined
  if (skill !== undefined) return notSupported('skills', `Claude Code has no skill named ${skill}`)
  return (await findIgnoredEffort(query, settings)) ?? findIgnoredServer(query, settings)
}

/** Same as `findIgnoredSetting`, for settings that can be changed in a live process. */
export async function findIgnoredChange(query: Query, settings: Settings): Promise<AgentFailure | undefined> {
  return (await findIgnoredEffort(query, settings)) ?? findIgnoredServer(query, settings)
}

/** @param available the tools that the process reports when a turn starts, some under old names */
export function findMissingTool(settings: Settings, available: readonly string[]): AgentFailure | undefined {
  const known = new Set(available.map(tool => (tool === 'Task' ? 'Agent' : tool)))
  const missing = settings.tools?.find(tool => !known.has(tool === 'Task' ? 'Agent' : tool))
  return missing === undefined
    ? undefined
    : notSupported('tools', `${missing} is not available in this session`)
}

async function findIgnoredEffort(query: Query, { effort }: Settings): Promise<AgentFailure | undefined> {
  if (effort === undefined) return undefined
  const reader = query as SettingsReader
  const applied = (await reader.getSettings?.())?.applied
  if (!applied || applied.effort === effort) return undefined
  const used = applied.effort ? `works with ${applied.effort}` : 'does not support effort'
  return notSupported('effort', `the model ${used}`)
}

async function findIgnoredServer(query: Query, { mcpServers }: Settings): Promise<AgentFailure | undefined> {
  const names = Object.keys(mcpServers ?? {})
  if (names.length === 0) return undefined
  const missing = findMissing(names, await query.mcpServerStatus())
  return missing === undefined
    ? undefined
    : notSupported(`mcpServers.${missing}`, 'Claude Code reserves this name')
}

/** Whether a skill exists; skills of the session's directories can be named without their plugin. */
function toPlain<T extends { name: string }>(command: T): T {
  return { ...command, name: toPlainName(command.name) }
}

function findMissing(names: readonly string[], found: readonly { name: string }[]): string | undefined {
  const known = new Set(found.map(({ name }) => name))
  return names.find(name => !known.has(name))
}

function notSupported(setting: string, why?: string): AgentFailure {
  return {
    reason: 'setting_not_supported',
    message: `Claude Code does not support the session's ${setting}${why === undefined ? '' : `: ${why}`}`,
  }
}

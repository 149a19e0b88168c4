import type { Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentFailure, AgentSpec } from '../../sessions/ports/index.ts'
import { toPlainName } from './instruction-plugin.ts'

type Initialization = Awaited<ReturnType<Query['initializationResult']>>
type Settings = AgentSpec['settings']

/** Not in the SDK's typings. */
type ToldMode = { current_permission_mode?: string }
type SettingsReader = { getSettings?(): Promise<{ applied?: { effort?: string | null } }> }

/**
 * Looks whether a process that has just started works with all that its session sets: Claude Code passes over some
 * of what it cannot use without a word.
 *
 * @returns what it passed over; undefined: nothing
 */
export async function findIgnoredSetting(
  query: Query,
  { settings, permissionMode }: Pick<AgentSpec, 'settings' | 'permissionMode'>,
  { agents = [], commands = [], current_permission_mode: mode }: Initialization & ToldMode,
): Promise<AgentFailure | undefined> {
  if (permissionMode === 'auto' && mode !== undefined && mode !== 'auto') {
    return notSupported('permissionMode', 'the model does not take auto')
  }
  const agent = findMissing(Object.keys(settings.agents ?? {}), agents)
  if (agent !== undefined) return notSupported(`agents.${agent}`)
  const skill = Array.isArray(settings.skills)
    ? findMissing(settings.skills, commands.map(toPlain))
    : undefined
  if (skill !== undefined) return notSupported('skills', `there is no skill ${skill}`)
  return (await findIgnoredEffort(query, settings)) ?? findIgnoredServer(query, settings)
}

/** As `findIgnoredSetting`, after a change: of those that can be changed. */
export async function findIgnoredChange(query: Query, settings: Settings): Promise<AgentFailure | undefined> {
  return (await findIgnoredEffort(query, settings)) ?? findIgnoredServer(query, settings)
}

/** @param available as the process tells it when a turn begins, under names some of which are older */
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
  const used = applied.effort ? `works with ${applied.effort}` : 'takes none'
  return notSupported('effort', `the model ${used}`)
}

async function findIgnoredServer(query: Query, { mcpServers }: Settings): Promise<AgentFailure | undefined> {
  const names = Object.keys(mcpServers ?? {})
  if (names.length === 0) return undefined
  const missing = findMissing(names, await query.mcpServerStatus())
  return missing === undefined ? undefined : notSupported(`mcpServers.${missing}`, 'it reserves that name')
}

/** A skill of the session's directories also goes by its own name. */
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
    message: `Claude Code does not work with ${setting} of the session${why === undefined ? '' : `: ${why}`}`,
  }
}

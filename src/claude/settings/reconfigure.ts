import { isDeepStrictEqual } from 'node:util'
import type { Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec } from '../../sessions/ports/index.ts'
import type { ForwardedServers, ServersOf } from './forwarded-servers.ts'
import { findIgnoredChange } from './verify-settings.ts'

/** The timeout of a change, in milliseconds; Claude Code limits the time to connect to MCP servers. */
const answerBoundMs = 60_000

/**
 * Applies the differences between two configurations of a session to its live process.
 *
 * @param servers the servers as the process reaches them
 * @returns whether all changes took effect; if not, the session needs a new process
 */
export async function reconfigure(
  query: Query,
  from: AgentSpec,
  to: AgentSpec,
  servers: ServersOfProcess,
): Promise<boolean> {
  if (!isDeepStrictEqual(atStartOnly(from), atStartOnly(to))) return false
  // Only a new process reports whether the other model supports this mode.
  if (from.model !== to.model && to.permissionMode === 'auto') return false
  const bound = Promise.withResolvers<false>()
  const timer = setTimeout(() => bound.resolve(false), answerBoundMs)
  const applied = apply(query, from, to, servers).catch(() => false)
  return Promise.race([applied, bound.promise]).finally(() => clearTimeout(timer))
}

async function apply(
  query: Query,
  from: AgentSpec,
  to: AgentSpec,
  servers: ServersOfProcess,
): Promise<boolean> {
  if (from.model !== to.model) await query.setModel(to.model ?? undefined)
  // Always set, because an approved plan, an answer to a request or Claude may have changed the mode meanwhile.
  await query.setPermissionMode(to.permissionMode)
  const [before, after] = [from.settings, to.settings]
  const efforts = before.effort !== after.effort
  if (efforts) await query.applyFlagSettings({ effortLevel: after.effort ?? null })
  const replaces = !isDeepStrictEqual(serversOf(before), serversOf(after))
  if (replaces) {
    const [begun, replaced] = [servers.forward(servers.begun), servers.forward(before)]
    await replaceServers(query, replaced, begun, servers.forward(after))
  }
  // Another model may not support the effort.
  if (!efforts && !replaces && from.model === to.model) return true
  return (await findIgnoredChange(query, after)) === undefined
}

function serversOf({ mcpServers = {}, clientTools = [] }: ServersOf) {
  return { mcpServers, clientTools }
}

type ServersOfProcess = Pick<ForwardedServers, 'forward' | 'begun'>
type Servers = NonNullable<AgentSpec['settings']['mcpServers']>

/**
 * Names the servers once before removing them, as they were when the process began; otherwise it falls back to the
 * servers of its start.
 */
async function replaceServers(query: Query, before: Servers, begun: Servers, after: Servers): Promise<void> {
  const set = (servers: Servers) => query.setMcpServers(servers as Parameters<Query['setMcpServers']>[0])
  const dropped = Object.entries(before).filter(([name]) => !Object.hasOwn(after, name))
  const asBegun = dropped.map(([name, server]) => [name, begun[name] ?? server])
  if (dropped.length > 0) await set({ ...before, ...Object.fromEntries(asBegun) })
  await set(after)
}

/** The settings that a live process cannot change. It already has the permissions granted meanwhile. */
function atStartOnly({ settings, ...spec }: AgentSpec) {
  const {
    effort: _effort,
    mcpServers: _servers,
    clientTools: _tools,
    permissionTimeoutMs: _timeout,
    titles: _titles,
    ...fixed
  } = settings
  const {
    model: _model,
    permissionMode: _mode,
    remembered: _remembered,
    workingDirectory: _dir,
    ...rest
  } = spec
  const {
    claudeSessionId: _id,
    resume: _resume,
    continueAt: _call,
    continueAs: _as,
    budgetLeftUsd: _left,
    ...others
  } = rest
  // Only the remaining limit counts, and undefined values are not set.
  const { agenticTurns = 0, ...fixedOthers } = others
  const taken = others.maxTurns === null ? 0 : agenticTurns
  return JSON.parse(JSON.stringify({ ...fixedOthers, taken, settings: fixed }))
}

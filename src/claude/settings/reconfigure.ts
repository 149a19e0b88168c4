import { isDeepStrictEqual } from 'node:util'
import type { Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec } from '../../sessions/ports/index.ts'
import { findIgnoredChange } from './verify-settings.ts'

/** An answer that takes longer will not come; connecting to MCP servers is bounded by Claude Code itself. */
const answerBoundMs = 60_000

/**
 * Gives a living process what differs between two configurations of its session.
 *
 * @param forward the servers as the process reaches them
 * @returns whether it works with all of it now; what it did not take, or cannot take while it lives, needs a new one
 */
export async function reconfigure(
  query: Query,
  from: AgentSpec,
  to: AgentSpec,
  forward: (servers: Servers) => Servers,
): Promise<boolean> {
  if (!isDeepStrictEqual(atStartOnly(from), atStartOnly(to))) return false
  // Whether the other model takes this mode is told at the start of a process only.
  if (from.model !== to.model && to.permissionMode === 'auto') return false
  const bound = Promise.withResolvers<false>()
  const timer = setTimeout(() => bound.resolve(false), answerBoundMs)
  const applied = apply(query, from, to, forward).catch(() => false)
  return Promise.race([applied, bound.promise]).finally(() => clearTimeout(timer))
}

async function apply(
  query: Query,
  from: AgentSpec,
  to: AgentSpec,
  forward: (servers: Servers) => Servers,
): Promise<boolean> {
  if (from.model !== to.model) await query.setModel(to.model ?? undefined)
  // Whatever it was before: an approved plan, an answer to a request or Claude itself may have changed it meanwhile.
  await query.setPermissionMode(to.permissionMode)
  const [before, after] = [from.settings, to.settings]
  const efforts = before.effort !== after.effort
  if (efforts) await query.applyFlagSettings({ effortLevel: after.effort ?? null })
  const servers = !isDeepStrictEqual(before.mcpServers ?? {}, after.mcpServers ?? {})
  if (servers) await replaceServers(query, forward(before.mcpServers ?? {}), forward(after.mcpServers ?? {}))
  // Another model may not take the effort.
  if (!efforts && !servers && from.model === to.model) return true
  return (await findIgnoredChange(query, after)) === undefined
}

type Servers = NonNullable<AgentSpec['settings']['mcpServers']>

/** Servers that a process was started with are let go only after they have been named once. */
async function replaceServers(query: Query, before: Servers, after: Servers): Promise<void> {
  const set = (servers: Servers) => query.setMcpServers(servers as Parameters<Query['setMcpServers']>[0])
  const dropped = Object.keys(before).some(name => !Object.hasOwn(after, name))
  if (dropped) await set(before)
  await set(after)
}

/** What no process takes while it lives; what people allowed meanwhile it knows already. */
function atStartOnly({ settings, ...spec }: AgentSpec) {
  const { effort: _effort, mcpServers: _servers, permissionTimeoutMs: _timeout, ...fixed } = settings
  const {
    model: _model,
    permissionMode: _mode,
    remembered: _remembered,
    workingDirectory: _dir,
    ...rest
  } = spec
  const { claudeSessionId: _id, resume: _resume, continueAt: _call, budgetLeftUsd: _left, ...others } = rest
  // Only what is left of the limit counts, and what is undefined is not set.
  const { agenticTurns = 0, ...fixedOthers } = others
  const taken = others.maxTurns === null ? 0 : agenticTurns
  return JSON.parse(JSON.stringify({ ...fixedOthers, taken, settings: fixed }))
}

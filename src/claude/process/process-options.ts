import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec } from '../../sessions/ports/index.ts'
import { withoutOtherSessions } from '../messages/other-sessions.ts'
import { toClientHooks } from '../questions/client-hooks.ts'
import { type AskPermission, toPermissionCallbacks } from '../questions/permission-callbacks.ts'
import { withRemembered } from '../questions/remembered-permissions.ts'
import { toToolHooks } from '../questions/tool-hooks.ts'
import type { AgentContext } from '../settings/agent-context.ts'

type Hooks = NonNullable<Options['hooks']>

/**
 * Builds the SDK's options for a process, with remembered permissions and callbacks.
 *
 * @param ofServers hooks for the tools of its servers
 */
export function toProcessOptions(
  spec: AgentSpec,
  { listener, log, mayAct }: Pick<AgentContext, 'listener' | 'log' | 'mayAct'>,
  ask: AskPermission,
  options: Options,
  ofServers: Hooks,
): Options {
  const asking = spec.settings.permissionPrompts === 'ask' ? toPermissionCallbacks(ask) : {}
  const { hooks } = toToolHooks(listener, log, spec, mayAct)
  return {
    ...withoutOtherSessions(withRemembered(options, spec.remembered)),
    ...asking,
    hooks: [asking.hooks ?? {}, ofServers, toClientHooks(ask, spec.settings.clientHooks)].reduce(
      merge,
      hooks ?? {},
    ),
  }
}

function merge(some: Hooks, more: Hooks): Hooks {
  const events = new Set([...Object.keys(some), ...Object.keys(more)] as (keyof Hooks)[])
  return Object.fromEntries(
    [...events].map(event => [event, [...(some[event] ?? []), ...(more[event] ?? [])]]),
  )
}

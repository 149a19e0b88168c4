import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec } from '../sessions/ports.ts'
import type { AgentContext } from './agent-context.ts'
import { withoutOtherSessions } from './other-sessions.ts'
import { type AskPermission, toPermissionCallbacks } from './permission-callbacks.ts'
import { withRemembered } from './remembered-permissions.ts'
import { toToolHooks } from './tool-hooks.ts'

type Hooks = NonNullable<Options['hooks']>

/** The SDK's options for a process, with what people have allowed and all that it calls back. */
export function toProcessOptions(
  spec: AgentSpec,
  { listener, log }: Pick<AgentContext, 'listener' | 'log'>,
  ask: AskPermission,
  options: Options,
): Options {
  const asking = spec.settings.permissionPrompts === 'ask' ? toPermissionCallbacks(ask) : {}
  const { hooks } = toToolHooks(listener, log, spec)
  return {
    ...withoutOtherSessions(withRemembered(options, spec.remembered)),
    ...asking,
    hooks: merge(hooks ?? {}, asking.hooks ?? {}),
  }
}

function merge(some: Hooks, more: Hooks): Hooks {
  const events = new Set([...Object.keys(some), ...Object.keys(more)] as (keyof Hooks)[])
  return Object.fromEntries(
    [...events].map(event => [event, [...(some[event] ?? []), ...(more[event] ?? [])]]),
  )
}

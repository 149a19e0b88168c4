import { type AgentTool, policyOf } from './agent-view.ts'
import type { WireEvent } from './event-types.ts'
import { type ToolKind, toToolKind } from './tool-names.ts'

/** Tools that the client runs where the environment is its own. */
export const handedTools = ['bash', 'read', 'write', 'edit', 'glob', 'grep'] as const

/** The tools of a session, as far as events tell of them. */
export class SessionOutline {
  readonly #tools: readonly AgentTool[]
  /** Whether the client runs the tools of the toolset. */
  readonly isSelfHosted: boolean

  constructor(tools: readonly AgentTool[], isSelfHosted: boolean) {
    this.#tools = tools
    this.isSelfHosted = isSelfHosted
  }

  kindOf(claudeName: string): ToolKind {
    const found = toToolKind(claudeName)
    const isHanded =
      this.isSelfHosted && found.kind === 'custom' && handedTools.some(name => name === found.name)
    return isHanded ? { kind: 'agent', name: found.name } : found
  }

  /**
   * The event of a call.
   *
   * @param isAsked its request is open, whatever the policy says
   */
  toUseEvent(
    kind: ToolKind,
    input: Record<string, unknown>,
    stamp: { id: string; processed_at: string },
    isAsked = false,
  ): WireEvent {
    switch (kind.kind) {
      case 'custom':
        return { type: 'agent.custom_tool_use', name: kind.name, input, ...stamp }
      case 'mcp': {
        const { server, name } = kind
        const asked = this.#toAsked(kind, isAsked)
        return { type: 'agent.mcp_tool_use', mcp_server_name: server, name, input, ...asked, ...stamp }
      }
      case 'agent':
        return { type: 'agent.tool_use', name: kind.name, input, ...this.#toAsked(kind, isAsked), ...stamp }
    }
  }

  #toAsked(kind: Exclude<ToolKind, { kind: 'custom' }>, isAsked: boolean) {
    switch (isAsked ? 'always_ask' : policyOf(this.#tools, kind)?.type) {
      case 'always_ask':
        return { evaluated_permission: 'ask', evaluation: { type: 'always_ask' } } as const
      case 'always_allow':
        return { evaluated_permission: 'allow', evaluation: { type: 'always_allow' } } as const
      default:
        return {}
    }
  }
}

import type {
  CanUseTool,
  PermissionMode,
  PermissionUpdate,
  SDKPermissionDenial,
} from '@anthropic-ai/claude-agent-sdk'
import type { PermissionRequest } from '../client/index.ts'
import { toPermissionResult } from './permission-results.ts'
import type { ToolNames } from './tool-names.ts'
import { toCallContext } from './tool-permissions.ts'

export type Verdict =
  | { allowed: true; input: Record<string, unknown> }
  | { allowed: false; message: string; interrupt: boolean }

interface Parts {
  names: ToolNames
  allowedTools: readonly string[]
  canUseTool: CanUseTool | undefined
  findMode(): PermissionMode | undefined
}

/**
 * Permissions for tools of SDK MCP servers. The server asks for none, since the caller runs these tools; a program of
 * the SDK expects that its rules, its mode and `canUseTool` decide.
 */
export class ClientToolPermissions {
  readonly #parts: Parts
  /** Rules that `canUseTool` has added. */
  readonly #granted: string[] = []
  /** Decisions of hooks about calls that are to come, by the id of the call. */
  readonly #ofHooks = new Map<string, { decision: string; turnId: string | null }>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Denials that no result has had yet: Claude Code does not know of them. */
  readonly #denials: SDKPermissionDenial[] = []

  takeDenials(): SDKPermissionDenial[] {
    return this.#denials.splice(0)
  }

  noteHook({ hook, toolUseId, turnId }: PermissionRequest, decision: string | undefined): void {
    if (toolUseId === null || (decision !== 'allow' && decision !== 'ask')) return
    const { tool_name } = (hook?.input ?? {}) as { tool_name?: string }
    const { names } = this.#parts
    if (names.isOurs(names.toProgram(tool_name ?? ''))) this.#ofHooks.set(toolUseId, { decision, turnId })
  }

  /** Forgets the decisions about calls of a turn that has ended. */
  endTurn(turnId: string): void {
    for (const [toolUseId, noted] of this.#ofHooks) {
      if (noted.turnId === turnId) this.#ofHooks.delete(toolUseId)
    }
  }

  #decisionOfHook(toolUseId: string): string | undefined {
    const { decision, turnId } = this.#ofHooks.get(toolUseId) ?? {}
    // A call of a subagent in the background belongs to no turn.
    if (turnId === null) this.#ofHooks.delete(toolUseId)
    return decision
  }

  async judge(name: string, request: PermissionRequest, signal: AbortSignal): Promise<Verdict> {
    const verdict = await this.#decide(name, request, signal)
    if (!verdict.allowed) {
      const { input, toolUseId } = request
      this.#denials.push({ tool_name: name, tool_use_id: toolUseId ?? '', tool_input: input })
    }
    return verdict
  }

  async #decide(name: string, request: PermissionRequest, signal: AbortSignal): Promise<Verdict> {
    const { input } = request
    const { canUseTool, names, allowedTools, findMode } = this.#parts
    const ofHook = this.#decisionOfHook(request.toolUseId ?? '')
    const mode = findMode()
    const isAllowed = mode === 'bypassPermissions' || names.isNamed(name, [...allowedTools, ...this.#granted])
    if (ofHook === 'allow' || (ofHook !== 'ask' && isAllowed)) return { allowed: true, input }
    if (!canUseTool || mode === 'dontAsk') return deny(notGranted(name))
    const suggestion: PermissionUpdate = {
      type: 'addRules',
      rules: [{ toolName: name }],
      behavior: 'allow',
      destination: 'localSettings',
    }
    const context = { ...toCallContext(request, signal), suggestions: [suggestion] }
    const answer = await canUseTool(name, input, context)
    if (answer === null) return deny(notGranted(name))
    const result = toPermissionResult(answer)
    if (result.behavior === 'deny') return deny(result.message || notGranted(name), result.interrupt)
    for (const update of result.updatedPermissions ?? []) {
      if (update.type === 'addRules' && update.behavior === 'allow') {
        this.#granted.push(...update.rules.map(({ toolName }) => toolName))
      }
    }
    return { allowed: true, input: result.updatedInput ?? input }
  }
}

function deny(message: string, interrupt = false): Verdict {
  return { allowed: false, message, interrupt }
}

function notGranted(name: string): string {
  return `Claude requested permissions to use ${name}, but you haven't granted it yet.`
}

import type {
  CanUseTool,
  OnElicitation,
  Options,
  PermissionUpdate,
  SDKMessage,
} from '@anthropic-ai/claude-agent-sdk'
import type { PermissionKind, PermissionSuggestion } from '../contract/permissions.ts'
import type { PermissionAnswer, PermissionQuestion } from '../sessions/records.ts'

export type AskPermission = (question: PermissionQuestion, signal: AbortSignal) => Promise<PermissionAnswer>

/** Tools that are questions to a person themselves. */
const kindByTool: Readonly<Record<string, PermissionKind>> = {
  AskUserQuestion: 'question',
  ExitPlanMode: 'plan',
}

/**
 * The plans that Claude has proposed: Claude Code does not always hand them on with the request, but they are in
 * the message that called the tool.
 */
export class ProposedPlans {
  #newest: { toolUseId: string; input: Record<string, unknown> } | undefined

  note(message: SDKMessage): void {
    if (message.type !== 'assistant') return
    for (const block of message.message.content) {
      if (block.type !== 'tool_use' || block.name !== 'ExitPlanMode') continue
      this.#newest = { toolUseId: block.id, input: block.input as Record<string, unknown> }
    }
  }

  /** The request with the plan that it is about. */
  complete(question: PermissionQuestion): PermissionQuestion {
    if (question.kind !== 'plan' || question.toolUseId !== this.#newest?.toolUseId) return question
    return { ...question, input: { ...this.#newest.input, ...question.input } }
  }
}

/** What makes Claude Code ask people (SDK options `canUseTool`, `onElicitation`). */
export function toPermissionCallbacks(
  ask: AskPermission,
): Pick<Options, 'permissionPrompts' | 'canUseTool' | 'onElicitation'> {
  const canUseTool: CanUseTool = async (toolName, input, options) => {
    const answer = await ask(
      {
        kind: kindByTool[toolName] ?? 'tool',
        toolName,
        toolUseId: options.toolUseID,
        agentId: options.agentID ?? null,
        input,
        title: options.title ?? titleOf(kindByTool[toolName] ?? 'tool', toolName),
        description: options.description ?? options.decisionReason ?? null,
        suggestions: (options.suggestions ?? []) as PermissionSuggestion[],
        elicitation: null,
      },
      options.signal,
    )
    if (!answer.allow) return { behavior: 'deny', message: answer.message ?? 'Denied by the user' }
    return {
      behavior: 'allow',
      updatedInput: answer.input ?? input,
      ...(answer.updates.length > 0 && {
        updatedPermissions: answer.updates as unknown as PermissionUpdate[],
      }),
    }
  }

  const onElicitation: OnElicitation = async (request, { signal }) => {
    const { serverName, message, mode = 'form', url, requestedSchema } = request
    const answer = await ask(
      {
        kind: 'elicitation',
        toolName: `mcp__${serverName}`,
        toolUseId: null,
        agentId: null,
        input: {},
        title: request.title ?? titleOf('elicitation', serverName),
        description: request.description ?? null,
        suggestions: [],
        elicitation: {
          serverName,
          message,
          mode,
          ...(url !== undefined && { url }),
          ...(requestedSchema !== undefined && { requestedSchema }),
        },
      },
      signal,
    )
    if (!answer.allow) return { action: 'decline' }
    return { action: 'accept', content: (answer.input ?? {}) as Record<string, string> }
  }

  return { permissionPrompts: 'host', canUseTool, onElicitation }
}

/** A sentence for people where Claude Code has none. */
function titleOf(kind: PermissionKind, name: string): string {
  switch (kind) {
    case 'tool':
      return `Claude wants to use ${name}`
    case 'question':
      return 'Claude has a question'
    case 'plan':
      return 'Claude proposes a plan'
    case 'elicitation':
      return `The MCP server ${name} asks for something`
  }
}

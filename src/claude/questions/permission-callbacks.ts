import type {
  CanUseTool,
  OnElicitation,
  Options,
  PermissionUpdate,
  SDKMessage,
} from '@anthropic-ai/claude-agent-sdk'
import type { PermissionKind, PermissionSuggestion } from '../../contract/permissions.ts'
import { toPlainName, toPlainText, withPlainFields } from '../../lib/plain-name.ts'
import type { PermissionAnswer, PermissionQuestion } from '../../sessions/records.ts'
import { AnsweredCalls } from './answered-calls.ts'

export type AskPermission = (question: PermissionQuestion, signal: AbortSignal) => Promise<PermissionAnswer>

/** The fields of a form that people read; its values are returned to the server unchanged. */
const shownFields = new Set(['title', 'description', 'enumNames'])

/** Tools that ask a person by themselves. */
const kindByTool: Readonly<Record<string, PermissionKind>> = {
  AskUserQuestion: 'question',
  ExitPlanMode: 'plan',
}

/**
 * The plans that Claude has proposed. Claude Code does not always include them in the request, but they are in the
 * message that called the tool.
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

  /** Adds the plan to the request. */
  complete(question: PermissionQuestion): PermissionQuestion {
    if (question.kind !== 'plan' || question.toolUseId !== this.#newest?.toolUseId) return question
    return { ...question, input: { ...this.#newest.input, ...question.input } }
  }
}

/** The callbacks through which Claude Code asks people (SDK options `canUseTool`, `onElicitation`). */
export function toPermissionCallbacks(
  ask: AskPermission,
): Pick<Options, 'permissionPrompts' | 'canUseTool' | 'onElicitation' | 'hooks'> {
  const calls = new AnsweredCalls()
  const canUseTool: CanUseTool = async (toolName, input, options) => {
    const kind = kindByTool[toolName] ?? 'tool'
    const question: PermissionQuestion = {
      kind,
      toolName,
      toolUseId: options.toolUseID,
      agentId: options.agentID ?? null,
      input,
      title: toPlainName(options.title ?? titleOf(kind, toolName)),
      description: plainOrNull(options.description ?? options.decisionReason),
      suggestions: (options.suggestions ?? []) as PermissionSuggestion[],
      elicitation: null,
    }
    const answer = await ask(question, options.signal)
    const changed = kind === 'tool' ? answer.input : null
    const isTaken = await calls.take(question, answer, changed)
    if (!answer.allow) return { behavior: 'deny', message: answer.message ?? 'Denied by the user' }
    if (isTaken) await aborted(options.signal)
    if (changed) return { behavior: 'deny', message: unchecked }
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
        title: toPlainName(request.title ?? titleOf('elicitation', serverName)),
        description: plainOrNull(request.description),
        suggestions: [],
        elicitation: {
          serverName,
          message: toPlainText(message),
          mode,
          ...(isWebAddress(url) && { url }),
          ...(requestedSchema !== undefined && {
            requestedSchema: withPlainFields(requestedSchema, shownFields),
          }),
        },
      },
      signal,
    )
    if (!answer.allow) return { action: answer.unanswered ? 'cancel' : 'decline' }
    return { action: 'accept', content: (answer.input ?? {}) as Record<string, string> }
  }

  return { permissionPrompts: 'host', canUseTool, onElicitation, hooks: calls.hooks }
}

const unchecked =
  'The user allowed this call with a changed input, which could not be checked against the rules. The call was not run.'

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Whether a URL is safe to open for a person; other schemes (`javascript:`, `data:`, `file:`) run or open things. */
function isWebAddress(url: string | undefined): url is string {
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

function plainOrNull(text: string | undefined): string | null {
  return text === undefined ? null : toPlainText(text)
}

/** Returns a title for people if Claude Code has none. */
export function titleOf(kind: PermissionKind, name: string): string {
  switch (kind) {
    case 'tool':
      return `Claude wants to use ${name}`
    case 'question':
      return 'Claude has a question'
    case 'plan':
      return 'Claude proposes a plan'
    case 'client_tool':
      return `Claude calls the tool ${name}`
    case 'hook':
      return `Claude Code asks the hook ${name}`
    case 'elicitation':
      return `The MCP server ${name} asks for input`
  }
}

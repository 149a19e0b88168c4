import type { CanUseTool, PermissionResult, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk'
import type { AnswerPermissionRequest, PermissionRequest } from '../client/index.ts'
import { NotSupportedError } from './errors.ts'
import { toAnswers } from './question-answers.ts'

/** The context of a call of `canUseTool`. */
export function toCallContext(request: PermissionRequest, signal: AbortSignal): Parameters<CanUseTool>[2] {
  return {
    signal,
    suggestions: request.suggestions as PermissionUpdate[],
    toolUseID: request.toolUseId ?? request.permissionId,
    requestId: request.permissionId,
    ...(request.title !== null && { title: request.title }),
    ...(request.description !== null && { description: request.description }),
    ...(request.agentId !== null && { agentID: request.agentId }),
  }
}

/**
 * Translates the result of `canUseTool`.
 *
 * @throws NotSupportedError that names the part which the server cannot carry out
 */
export function toAnswer(request: PermissionRequest, result: PermissionResult): AnswerPermissionRequest {
  if (result.behavior === 'deny') {
    const { message, interrupt } = result
    return { decision: 'deny', ...(message && { message }), ...(interrupt && { interrupt }) }
  }
  const { updatedInput = request.input, updatedPermissions = [] } = result
  switch (request.kind) {
    case 'question':
      return { decision: 'allow', answers: toAnswers(request.input.questions, updatedInput) }
    case 'plan':
      if (updatedInput.plan !== undefined && updatedInput.plan !== request.input.plan) {
        throw new NotSupportedError('canUseTool: updatedInput.plan', 'a plan is allowed as it is, or denied')
      }
      return { decision: 'allow', ...toPlanMode(updatedPermissions) }
    default: {
      const isChanged = !isSame(updatedInput, request.input)
      return {
        decision: 'allow',
        ...(isChanged && { updatedInput }),
        ...toRemember(request, updatedPermissions),
      }
    }
  }
}

function toPlanMode(updates: readonly PermissionUpdate[]): Pick<AnswerPermissionRequest, 'permissionMode'> {
  const other = updates.find(({ type }) => type !== 'setMode')
  if (other) throw updateError(other, 'with a plan only setMode is possible')
  const mode = updates.findLast(update => update.type === 'setMode')?.mode
  return mode === undefined ? {} : { permissionMode: mode }
}

/** The server takes its own suggestions; whatever their destination, they count for the session. */
function toRemember(
  { suggestions }: PermissionRequest,
  updates: readonly PermissionUpdate[],
): Pick<AnswerPermissionRequest, 'remember'> {
  if (updates.length === 0) return {}
  const indexes = updates.map(update => {
    const index = suggestions.findIndex(one => isSame(withoutDestination(one), withoutDestination(update)))
    if (index === -1) throw updateError(update, 'it is not one of the suggestions of the request')
    return index
  })
  return { remember: { suggestions: [...new Set(indexes)] } }
}

function updateError({ type }: PermissionUpdate, reason: string): NotSupportedError {
  return new NotSupportedError(`canUseTool: updatedPermissions of type ${type}`, reason)
}

function withoutDestination(update: object): object {
  const { destination: _, ...rest } = update as { destination?: unknown }
  return rest
}

/** Whether two values are the same as JSON, whatever the order of names. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [left, right] = [one, other] as Record<string, unknown>[]
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every(name => isSame(left?.[name], right?.[name]))
}

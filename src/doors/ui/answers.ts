import type { AnswerPermissionRequest, SessionClient } from '../../client/index.ts'
import type { UiMessage, UiPart } from './chat-request.ts'
import { Refusal } from './problems.ts'
import { callIdOf, replyModeOf, type UiRequest } from './requests.ts'

/**
 * Gives the answers of a message to the requests that are open. Those that were answered elsewhere stay as they are.
 *
 * @returns the requests that the message does not answer
 */
export async function giveAnswers(
  session: SessionClient,
  requests: readonly UiRequest[],
  { parts }: UiMessage,
): Promise<UiRequest[]> {
  const unanswered: UiRequest[] = []
  for (const request of requests) {
    const part = parts.find(other => other.toolCallId === callIdOf(request))
    const answer = part && toAnswer(request, part)
    if (answer) await session.answerIfPending(request.permissionId, answer)
    else unanswered.push(request)
  }
  return unanswered
}

/** @returns undefined: the part has no answer */
function toAnswer(request: UiRequest, part: UiPart): AnswerPermissionRequest | undefined {
  switch (replyModeOf(request)) {
    case 'approval':
      return toDecision(request, part)
    case 'output':
      if (part.state === 'output-error') return toFailure(request, String(part.errorText ?? ''))
      return part.state === 'output-available' ? toOutput(request, part) : undefined
    case undefined:
      return undefined
  }
}

function toDecision({ permissionId }: UiRequest, part: UiPart): AnswerPermissionRequest | undefined {
  const { id, approved, reason } = (part.approval ?? {}) as Record<string, unknown>
  if (part.state !== 'approval-responded' || id !== permissionId) return undefined
  if (typeof approved !== 'boolean') throw new Refusal('approval.approved: must be a boolean')
  if (reason !== undefined && typeof reason !== 'string') throw new Refusal('approval.reason: must be a text')
  return { decision: approved ? 'allow' : 'deny', ...(reason && { message: reason }) }
}

function toFailure({ kind }: UiRequest, text: string): AnswerPermissionRequest {
  const error = text === '' ? 'The tool failed' : text
  if (kind === 'client_tool') return { error }
  return kind === 'elicitation' ? { decision: 'deny' } : { decision: 'deny', message: error }
}

function toOutput({ kind }: UiRequest, { output, toolCallId }: UiPart): AnswerPermissionRequest {
  if (kind === 'client_tool') {
    return { result: typeof output === 'string' ? output : (JSON.stringify(output) ?? '') }
  }
  const { answers, action, content } = (output ?? {}) as Record<string, unknown>
  if (kind === 'question') {
    if (typeof answers !== 'object' || answers === null) {
      throw new Refusal(`output: must be { answers: { question: answer } } for the tool call ${toolCallId}`)
    }
    return { decision: 'allow', answers: answers as NonNullable<AnswerPermissionRequest['answers']> }
  }
  if (action === 'decline' || action === 'cancel') return { decision: 'deny' }
  if (action !== 'accept') {
    throw new Refusal(
      `output: must have the action accept, decline or cancel for the tool call ${toolCallId}`,
    )
  }
  const form = content as AnswerPermissionRequest['content']
  return { decision: 'allow', ...(form !== undefined && { content: form }) }
}

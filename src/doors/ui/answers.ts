import type { AnswerPermissionRequest, SessionClient } from '../../client/index.ts'
import { checkAnswer } from '../../contract/check-input.ts'
import type { CallPart } from './call-parts.ts'
import { checkNaming, naming, Refusal } from './problems.ts'
import { callIdOf, replyModeOf, type UiRequest } from './requests.ts'

/**
 * Gives the answers of a message's calls to the requests that are open. Those that were answered elsewhere stay as they are.
 *
 * @returns the requests that the calls do not answer
 */
export async function giveAnswers(
  session: SessionClient,
  requests: readonly UiRequest[],
  calls: readonly CallPart[],
): Promise<UiRequest[]> {
  const read = requests.map(request => {
    const [call, other] = calls.filter(({ toolCallId }) => toolCallId === callIdOf(request))
    if (other) throw new Refusal(`${other.path}.toolCallId: must not be that of another part`)
    const answer = call && toAnswer(request, call)
    if (answer)
      checkNaming(
        () => checkAnswer(answer),
        field => toPath(field, call),
      )
    return { request, call, answer }
  })
  // Each is right before the first is given.
  for (const { request, call, answer } of read) {
    if (!call || !answer) continue
    await naming(session.answerIfPending(request.permissionId, answer), field => toPath(field, call))
  }
  return read.flatMap(({ request, answer }) => (answer ? [] : request))
}

/** @returns undefined: the call has no answer */
function toAnswer(request: UiRequest, call: CallPart): AnswerPermissionRequest | undefined {
  switch (replyModeOf(request)) {
    case 'approval':
      return toDecision(request, call)
    case 'output':
      if (call.state === 'output-error') return toFailure(request, call.errorText || 'The tool failed')
      return call.state === 'output-available' ? toOutput(request, call) : undefined
    case undefined:
      return undefined
  }
}

function toDecision({ permissionId }: UiRequest, call: CallPart): AnswerPermissionRequest | undefined {
  const { id, approved, reason } = call.approval ?? {}
  if (call.state !== 'approval-responded' || id !== permissionId) return undefined
  return { decision: approved ? 'allow' : 'deny', ...(reason && { message: reason }) }
}

function toFailure({ kind }: UiRequest, error: string): AnswerPermissionRequest {
  if (kind === 'client_tool') return { error }
  return kind === 'elicitation' ? { decision: 'deny' } : { decision: 'deny', message: error }
}

function toOutput({ kind }: UiRequest, { output, path }: CallPart): AnswerPermissionRequest {
  if (kind === 'client_tool') {
    return { result: typeof output === 'string' ? output : (JSON.stringify(output) ?? '') }
  }
  const { answers, action, content } = (output ?? {}) as Record<string, unknown>
  if (kind === 'question') {
    if (typeof answers !== 'object' || answers === null) {
      throw new Refusal(`${path}.output: must be { answers: { question: answer } }`)
    }
    return { decision: 'allow', answers: answers as NonNullable<AnswerPermissionRequest['answers']> }
  }
  if (action === 'decline' || action === 'cancel') return { decision: 'deny' }
  if (action !== 'accept') {
    throw new Refusal(`${path}.output.action: must be accept, decline or cancel`)
  }
  const form = content as AnswerPermissionRequest['content']
  return { decision: 'allow', ...(form !== undefined && { content: form }) }
}

/** The place in the client's request from which a field of the answer comes. */
function toPath(field: string, { path, state }: CallPart): string {
  if (/^result\b/.test(field)) return `${path}.output`
  if (/^(answers|content)\b/.test(field)) return `${path}.output.${field}`
  if (/^(message|error)\b/.test(field)) {
    return `${path}.${state === 'approval-responded' ? 'approval.reason' : 'errorText'}`
  }
  return path
}

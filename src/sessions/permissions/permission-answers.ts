import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { findInputFlaw } from '../../contract/tool-inputs.ts'
import { toPath } from '../../lib/json-flaws.ts'
import type { PermissionAnswer, PermissionRecord } from '../records.ts'
import { toContent } from './elicitation-content.ts'
import { checkHookOutput } from './hook-output.ts'
import { isOfClient } from './of-client.ts'
import { toRemembered, toUpdates } from './remembering.ts'

type Body = OperationInput<'answerPermission'>['body']

/** Which fields mean something for which kind, beside `decision`. */
const fieldsOf: Record<
  PermissionRecord['kind'],
  { allow: readonly (keyof Body)[]; deny: readonly (keyof Body)[] }
> = {
  tool: { allow: ['message', 'updatedInput', 'remember'], deny: ['message', 'interrupt'] },
  question: { allow: ['message', 'answers'], deny: ['message', 'interrupt'] },
  plan: { allow: ['message', 'permissionMode'], deny: ['message', 'interrupt'] },
  // The MCP server takes a form or none, and Claude is not told of either.
  elicitation: { allow: ['content'], deny: ['interrupt'] },
  client_tool: { allow: ['result'], deny: ['error'] },
  hook: { allow: ['output'], deny: ['error'] },
}
const particular = [
  'message',
  'updatedInput',
  'remember',
  'interrupt',
  'answers',
  'permissionMode',
  'content',
  'result',
  'output',
  'error',
] as const

/**
 * Returns the answer for the process, and the changes to the rest of the session.
 *
 * @throws ServiceError INVALID_REQUEST that names a field which means nothing here, or which is missing
 */
export function toPermissionAnswer(
  permission: PermissionRecord,
  body: Body,
): { answer: PermissionAnswer; remembered: PermissionRecord['remembered'] } {
  const decision = toDecision(permission, body)
  refuseMeaningless(permission, body, decision)
  if (isOfClient(permission)) return { answer: toClientAnswer(permission, body), remembered: [] }
  const message = body.message ?? null
  if (decision === 'deny') {
    return { answer: { allow: false, input: null, updates: [], message }, remembered: [] }
  }
  const input = toInput(permission, body)
  const remembered = toRemembered(permission, body)
  return { answer: { allow: true, input, updates: toUpdates(remembered), message }, remembered }
}

/** Requests to the caller are answered with a result or an error, all others with a decision. */
function toDecision(permission: PermissionRecord, { decision, error }: Body): 'allow' | 'deny' {
  if (!isOfClient(permission)) {
    if (decision === undefined) throw invalidField('decision', 'is required')
    return decision
  }
  if (decision === undefined) return error === undefined ? 'allow' : 'deny'
  throw invalidField('decision', `means nothing for a request of kind ${permission.kind}`)
}

function toClientAnswer({ kind, request }: PermissionRecord, body: Body): PermissionAnswer {
  const { result, output, error = null } = body
  const none = { input: null, updates: [], message: error }
  if (error !== null) return { allow: false, ...none }
  if (kind === 'client_tool') {
    if (result === undefined) throw invalidField('result', 'is required, or error')
    return { allow: true, ...none, result }
  }
  if (output === undefined) throw invalidField('output', 'is required, or error')
  checkHookOutput(request.hook?.event, output)
  return { allow: true, ...none, output }
}

function refuseMeaningless({ kind, turnId }: PermissionRecord, body: Body, decision: 'allow' | 'deny'): void {
  if (body.interrupt && turnId === null) {
    throw invalidField('interrupt', 'means nothing for a request that belongs to no turn')
  }
  const meaningful = fieldsOf[kind][decision]
  for (const field of particular) {
    const given = field === 'interrupt' ? body.interrupt : body[field] !== undefined
    if (given && !meaningful.includes(field)) {
      throw invalidField(field, `means nothing with ${toWords(kind, decision)} for a request of kind ${kind}`)
    }
  }
}

function toWords(kind: PermissionRecord['kind'], decision: 'allow' | 'deny'): string {
  if (kind !== 'client_tool' && kind !== 'hook') return `decision ${decision}`
  return decision === 'deny' ? 'error' : 'a result'
}

function toInput({ kind, toolName, request }: PermissionRecord, body: Body): Record<string, unknown> | null {
  switch (kind) {
    case 'tool':
      return body.updatedInput ? checkInput(toolName, request.input, body.updatedInput) : null
    case 'question':
      return { ...request.input, answers: toAnswers(request.input.questions, body.answers) }
    case 'plan':
    case 'client_tool':
    case 'hook':
      return null
    case 'elicitation':
      return toContent(request.elicitation, body.content)
  }
}

function checkInput(
  toolName: string,
  asked: Record<string, unknown>,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const flaw = findInputFlaw(toolName, asked, given)
  if (flaw) throw invalidField(toPath(['updatedInput', ...flaw.path]), flaw.message)
  return given
}

/** Claude Code takes one text for each question; labels of several choices are joined as its own dialog does. */
function toAnswers(questions: unknown, answers: Body['answers']): Record<string, string> {
  if (!answers) throw invalidField('answers', 'is required: an answer for each question')
  const asked = Array.isArray(questions) ? questions.map(({ question }) => String(question)) : []
  for (const question of Object.keys(answers)) {
    if (!asked.includes(question)) throw invalidField(`answers.${question}`, 'is not among the questions')
  }
  return Object.fromEntries(
    asked.map(question => {
      const answer = answers[question]
      if (answer === undefined) throw invalidField('answers', `has no answer to "${question}"`)
      return [question, Array.isArray(answer) ? answer.join(', ') : answer]
    }),
  )
}

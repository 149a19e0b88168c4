import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { findInputFlaw } from '../../contract/tool-inputs.ts'
import { toPath } from '../../lib/json-flaws.ts'
import type { PermissionAnswer, PermissionRecord } from '../records.ts'
import { toContent } from './elicitation-content.ts'
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
}
const particular = [
  'message',
  'updatedInput',
  'remember',
  'interrupt',
  'answers',
  'permissionMode',
  'content',
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
  refuseMeaningless(permission, body)
  const message = body.message ?? null
  if (body.decision === 'deny') {
    return { answer: { allow: false, input: null, updates: [], message }, remembered: [] }
  }
  const input = toInput(permission, body)
  const remembered = toRemembered(permission, body)
  return { answer: { allow: true, input, updates: toUpdates(remembered), message }, remembered }
}

function refuseMeaningless({ kind, turnId }: PermissionRecord, body: Body): void {
  if (body.interrupt && turnId === null) {
    throw invalidField('interrupt', 'means nothing for a request that belongs to no turn')
  }
  const meaningful = fieldsOf[kind][body.decision]
  for (const field of particular) {
    const given = field === 'interrupt' ? body.interrupt : body[field] !== undefined
    if (given && !meaningful.includes(field)) {
      throw invalidField(field, `means nothing with decision ${body.decision} for a request of kind ${kind}`)
    }
  }
}

function toInput({ kind, toolName, request }: PermissionRecord, body: Body): Record<string, unknown> | null {
  switch (kind) {
    case 'tool':
      return body.updatedInput ? checkInput(toolName, request.input, body.updatedInput) : null
    case 'question':
      return { ...request.input, answers: toAnswers(request.input.questions, body.answers) }
    case 'plan':
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

import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { PermissionSuggestion } from '../../contract/permissions.ts'
import type { PermissionMode } from '../../contract/sessions.ts'
import type { PermissionAnswer, PermissionRecord } from '../records.ts'
import { toContent } from './elicitation-content.ts'

type Body = OperationInput<'answerPermission'>['body']

/** Which fields mean something for which kind, beside `decision` and `message`. */
const fieldsOf: Record<
  PermissionRecord['kind'],
  { allow: readonly (keyof Body)[]; deny: readonly (keyof Body)[] }
> = {
  tool: { allow: ['updatedInput', 'remember'], deny: ['interrupt'] },
  question: { allow: ['answers'], deny: ['interrupt'] },
  plan: { allow: ['permissionMode'], deny: ['interrupt'] },
  elicitation: { allow: ['content'], deny: ['interrupt'] },
}
const particular = ['updatedInput', 'remember', 'interrupt', 'answers', 'permissionMode', 'content'] as const

/**
 * What the process is told.
 *
 * @param isModeAllowed which permission modes may be gone on with
 * @throws ServiceError INVALID_REQUEST that names a field which means nothing here, or which is missing
 */
export function toPermissionAnswer(
  permission: PermissionRecord,
  body: Body,
  isModeAllowed: (mode: PermissionMode) => boolean,
): PermissionAnswer {
  refuseMeaningless(permission, body)
  const message = body.message ?? null
  if (body.decision === 'deny') return { allow: false, input: null, updates: [], message }
  return {
    allow: true,
    input: toInput(permission, body),
    updates: toUpdates(permission, body, isModeAllowed),
    message,
  }
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

function toInput({ kind, request }: PermissionRecord, body: Body): Record<string, unknown> | null {
  switch (kind) {
    case 'tool':
      return body.updatedInput ?? null
    case 'question':
      return { ...request.input, answers: toAnswers(request.input.questions, body.answers) }
    case 'plan':
      return null
    case 'elicitation':
      return toContent(request.elicitation, body.content)
  }
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

/** What is allowed for the rest of the session; nothing of it is written into settings files. */
function toUpdates(
  { kind, toolName, request }: PermissionRecord,
  body: Body,
  isModeAllowed: (mode: PermissionMode) => boolean,
): PermissionSuggestion[] {
  if (kind === 'plan') {
    return [{ type: 'setMode', mode: body.permissionMode ?? 'default', destination: 'session' }]
  }
  if (body.remember === undefined) return []
  const suggested = request.suggestions.filter(
    ({ type, mode }) => type !== 'setMode' || isModeAllowed(mode as PermissionMode),
  )
  const whole = { type: 'addRules', rules: [{ toolName }], behavior: 'allow' }
  return (suggested.length > 0 ? suggested : [whole]).map(update => ({ ...update, destination: 'session' }))
}

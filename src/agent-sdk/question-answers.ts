import type { AnswerPermissionRequest } from '../client/index.ts'
import { NotSupportedError } from './errors.ts'

type Answer = NonNullable<AnswerPermissionRequest['answers']>[string]

/** Claude Code's own mark of a question without an answer: Claude is told of the other ones only. */
const unanswered = '(notes only)'

/**
 * The answers that a program has added to the input of a tool that asks. The API has no fields for notes and previews,
 * nor for a response to all questions: they are part of answers, in the words of Claude Code.
 *
 * @throws NotSupportedError that names the field
 */
export function toAnswers(
  questions: unknown,
  { answers, annotations, response, followUp }: Record<string, unknown>,
): Record<string, Answer> {
  if (followUp) throw fieldError('followUp', 'answer the questions, or deny')
  const asked = Array.isArray(questions) ? questions.map(({ question }) => String(question)) : []
  const ofAll = typeof response === 'string' && response.trim() !== '' ? response : undefined
  const entries = asked.map((question, index) => {
    if (ofAll !== undefined) return [question, index === 0 ? ofAll : unanswered]
    return [question, annotate(toAnswer(question, ownOf(answers, question)), ownOf(annotations, question))]
  })
  return Object.fromEntries(entries)
}

function toAnswer(question: string, answer: unknown): Answer | undefined {
  if (answer === undefined || answer === null || answer === '') return undefined
  if (typeof answer === 'string') return answer
  const isList = Array.isArray(answer) && answer.every(one => typeof one === 'string')
  if (!isList) throw fieldError(`answers["${question}"]`, 'an answer is a text')
  const chosen = answer.filter(label => label !== '')
  return chosen.length > 0 ? chosen : undefined
}

function annotate(answer: Answer | undefined, annotation: unknown): Answer {
  const { notes, preview } = (annotation ?? {}) as { notes?: unknown; preview?: unknown }
  if (!notes && (!preview || answer === undefined)) return answer ?? unanswered
  return [
    Array.isArray(answer) ? answer.join(', ') : (answer ?? '(no option selected)'),
    ...(preview ? [`selected preview:\n${preview}`] : []),
    ...(notes ? [`notes: ${notes}`] : []),
  ].join(' ')
}

function ownOf(fields: unknown, name: string): unknown {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return undefined
  return (fields as Record<string, unknown>)[name]
}

function fieldError(name: string, reason: string): NotSupportedError {
  return new NotSupportedError(`canUseTool: updatedInput.${name}`, reason)
}

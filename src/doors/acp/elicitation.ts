import { type ElicitationPropertySchema, methods, type PermissionOption } from '@agentclientprotocol/sdk'
import type { AnswerPermissionRequest, PermissionQuestion, PermissionRequest } from '../../client/index.ts'
import { type Asked, type Outcome, select } from './choosing.ts'

type Content = NonNullable<AnswerPermissionRequest['content']>

const decline: PermissionOption = { optionId: 'decline', name: 'Decline', kind: 'reject_once' }
const skip: PermissionOption = { optionId: 'decline', name: 'Do not answer', kind: 'reject_once' }

/** Asks Claude's questions: by one form, else by one choice after the other. */
export async function askQuestions(
  to: Asked,
  request: PermissionRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const questions = request.questions ?? []
  if (!to.capabilities.elicitation?.form) return chooseAnswers(to, request, questions, signal)
  const properties = questions.flatMap((question, index) => toProperties(question, index))
  const answered = await elicit(to, request, signal, {
    mode: 'form',
    message: questions.map(({ question }) => question).join('\n'),
    requestedSchema: { type: 'object', properties: Object.fromEntries(properties) },
  })
  if (typeof answered === 'string') return toOutcome(answered)
  const answers = questions.flatMap(({ question }, index) => {
    const own = answered[`own_${index + 1}`]
    const chosen = typeof own === 'string' && own.trim() !== '' ? own : answered[`answer_${index + 1}`]
    const isGiven = Array.isArray(chosen) ? chosen.length > 0 : typeof chosen === 'string' && chosen !== ''
    return isGiven ? [[question, chosen as string | string[]] as const] : []
  })
  if (answers.length < questions.length)
    return { decision: 'deny', message: 'Not all questions were answered' }
  return { decision: 'allow', answers: Object.fromEntries(answers) }
}

/** Passes on the form of an MCP server. A client that cannot show it can only decline. */
export async function askForm(to: Asked, request: PermissionRequest, signal: AbortSignal): Promise<Outcome> {
  const { elicitation, permissionId } = request
  if (!elicitation) return { decision: 'deny' }
  const { mode, message, url = '', requestedSchema = {}, serverName } = elicitation
  const title = `${serverName}: ${message}`
  if (mode === 'form' && to.capabilities.elicitation?.form) {
    const form = { mode, message: title, requestedSchema }
    const answered = await elicit(to, request, signal, form)
    return typeof answered === 'string' ? { decision: 'deny' } : { decision: 'allow', content: answered }
  }
  if (mode === 'url' && to.capabilities.elicitation?.url) {
    const page = { mode, message: title, url, elicitationId: permissionId }
    const answered = await elicit(to, request, signal, page)
    return { decision: typeof answered === 'string' ? 'deny' : 'allow' }
  }
  const done: PermissionOption = { optionId: 'done', name: 'Done', kind: 'allow_once' }
  const text = mode === 'url' ? url : 'This client cannot show the form; it can be filled in elsewhere.'
  const options = mode === 'url' ? [done, decline] : [decline]
  const chosen = await select(to, request, options, signal, { title, text })
  if (chosen === 'cancelled') return chosen
  return { decision: chosen === 'done' ? 'allow' : 'deny' }
}

/** A client without forms: one answer for each question. */
async function chooseAnswers(
  to: Asked,
  request: PermissionRequest,
  questions: readonly PermissionQuestion[],
  signal: AbortSignal,
): Promise<Outcome> {
  const answers: Record<string, string> = {}
  for (const { question, header, options } of questions) {
    const choices = options.map(({ label }, index): PermissionOption => {
      return { optionId: `answer_${index + 1}`, name: label, kind: 'allow_once' }
    })
    const text = options.map(({ label, description = '' }) => `- ${label}: ${description}`).join('\n')
    const shown = { title: question, text: header === undefined ? text : `${header}\n${text}` }
    const chosen = await select(to, request, [...choices, skip], signal, shown)
    if (chosen === 'cancelled') return chosen
    const label = options[Number(/^answer_(\d+)$/.exec(chosen)?.[1]) - 1]?.label
    if (label === undefined) return { decision: 'deny', message: 'The question was not answered' }
    answers[question] = label
  }
  return { decision: 'allow', answers }
}

/** @returns the content of the form, or the action in place of it */
async function elicit(
  { client }: Asked,
  { sessionId, toolUseId }: PermissionRequest,
  signal: AbortSignal,
  request: { message: string; mode: 'form' | 'url'; [field: string]: unknown },
): Promise<Content | string> {
  const params = { sessionId, ...(toolUseId !== null && { toolCallId: toolUseId }), ...request }
  // The library does not check what clients answer.
  const answer = (await client.request(methods.client.elicitation.create, params as never, {
    cancellationSignal: signal,
    stopWaitingOnCancel: true,
  })) as { action?: unknown; content?: Content | null } | null
  if (answer?.action === 'accept') return answer.content ?? {}
  return answer?.action === 'decline' ? 'decline' : 'cancel'
}

/** A person who closes the form has not answered, and the turn runs on. */
function toOutcome(action: string): Outcome {
  const message = action === 'decline' ? 'The person declined' : 'The person closed the form'
  return { decision: 'deny', message }
}

/** A field for the choice, and one for an answer in the person's own words. */
function toProperties(
  { question, header, multiSelect = false, options }: PermissionQuestion,
  index: number,
): [string, ElicitationPropertySchema][] {
  const choices = options.map(({ label, description }) => ({
    const: label,
    title: label,
    ...(description !== undefined && { description }),
  }))
  const about = { title: header ?? question, description: question }
  const choice: ElicitationPropertySchema = multiSelect
    ? { type: 'array', ...about, items: { anyOf: choices } }
    : { type: 'string', ...about, oneOf: choices }
  const own = { type: 'string' as const, title: `${header ?? question}: another answer` }
  return [
    [`answer_${index + 1}`, choice],
    [`own_${index + 1}`, own],
  ]
}

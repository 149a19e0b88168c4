import type { ElicitRequestFormParams } from '@modelcontextprotocol/server'
import type { AnswerPermissionRequest, PermissionRequest } from '../../client/index.ts'
import { shorten } from '../../lib/shorten.ts'
import type { ElicitationModes, FormOrPage } from './surroundings.ts'

type Properties = ElicitRequestFormParams['requestedSchema']['properties']
type Content = Record<string, unknown>

const longestInput = 4_000

/**
 * Returns the elicitation that asks a person for the answer to a request; undefined: the client cannot show it, or
 * people do not answer such a request.
 */
export function toElicitation(request: PermissionRequest, modes: ElicitationModes): FormOrPage | undefined {
  if (request.kind === 'elicitation' && request.elicitation?.mode === 'url') {
    const { url = '', message, serverName } = request.elicitation
    const elicitationId = request.permissionId
    return modes.url ? { mode: 'url', url, elicitationId, message: `${serverName}: ${message}` } : undefined
  }
  if (!modes.form) return undefined
  switch (request.kind) {
    case 'tool':
      return toForm(`${request.title ?? `Claude wants to use ${request.toolName}`}\n\n${inputOf(request)}`, {
        decision: {
          type: 'string',
          title: 'Decision',
          enum: ['allow', 'allow_for_session', 'deny'],
          enumNames: ['Allow once', 'Allow this call for the session', 'Deny'],
        },
        message: { type: 'string', title: 'Note to Claude', description: 'The reason, if you deny it' },
      })
    case 'plan':
      return toForm(`Claude proposes a plan:\n\n${request.plan ?? ''}`, {
        decision: {
          type: 'string',
          title: 'Decision',
          enum: ['approve', 'reject'],
          enumNames: ['Work by this plan', 'Reject'],
        },
        message: { type: 'string', title: 'Feedback for Claude' },
      })
    case 'question':
      return toForm('Claude asks', toQuestionFields(request), [])
    case 'elicitation': {
      const { serverName = '', message = '', requestedSchema = {} } = request.elicitation ?? {}
      const schema = { type: 'object', properties: {}, ...requestedSchema }
      return {
        mode: 'form',
        message: `${serverName}: ${message}`,
        requestedSchema: schema as ElicitRequestFormParams['requestedSchema'],
      }
    }
    default:
      return undefined
  }
}

function toForm(message: string, properties: Properties, required = ['decision']): FormOrPage {
  return { mode: 'form', message, requestedSchema: { type: 'object', properties, required } }
}

function inputOf({ input }: PermissionRequest): string {
  return shorten(JSON.stringify(input, null, 2), longestInput)
}

function toQuestionFields({ questions = [] }: PermissionRequest): Properties {
  const fields: Properties = {}
  for (const [index, { question, header, options, multiSelect }] of questions.entries()) {
    const labels = options.map(({ label }) => label)
    const explained = options
      .filter(({ description }) => description)
      .map(({ label, description }) => `${label}: ${description}`)
    const text = { title: header ?? question, description: [question, ...explained].join('\n') }
    fields[`answer_${index + 1}`] = multiSelect
      ? { type: 'array', ...text, items: { type: 'string', enum: labels } }
      : { type: 'string', ...text, enum: labels }
    fields[`other_${index + 1}`] = {
      type: 'string',
      title: `${header ?? question}: other`,
      description: 'Your own words, in place of the choice',
    }
  }
  return fields
}

/**
 * Returns the answer that the result of an elicitation stands for; undefined: the person has closed it without an
 * answer, or it has none.
 */
export function toAnswer(request: PermissionRequest, result: unknown): AnswerPermissionRequest | undefined {
  const { action, content: given } = (result ?? {}) as { action?: unknown; content?: unknown }
  if (action === 'decline') return { decision: 'deny' }
  if (action !== 'accept') return undefined
  const content = (given ?? {}) as Content
  const message = textOf(content.message)
  const note = message === undefined ? {} : { message }
  switch (request.kind) {
    case 'tool':
      if (content.decision === 'allow') return { decision: 'allow', ...note }
      if (content.decision === 'allow_for_session') return { decision: 'allow', remember: 'session', ...note }
      return content.decision === 'deny' ? { decision: 'deny', ...note } : undefined
    case 'plan':
      if (content.decision === 'approve') return { decision: 'allow', ...note }
      return content.decision === 'reject' ? { decision: 'deny', ...note } : undefined
    case 'question':
      return toAnswers(request, content)
    case 'elicitation':
      return {
        decision: 'allow',
        ...(request.elicitation?.mode !== 'url' && {
          content: content as NonNullable<AnswerPermissionRequest['content']>,
        }),
      }
    default:
      return undefined
  }
}

function toAnswers({ questions = [] }: PermissionRequest, content: Content) {
  const answers: Record<string, string | string[]> = {}
  for (const [index, { question }] of questions.entries()) {
    const chosen = content[`answer_${index + 1}`]
    const answer =
      textOf(content[`other_${index + 1}`]) ?? (Array.isArray(chosen) ? textsOf(chosen) : textOf(chosen))
    if (answer === undefined) return undefined
    answers[question] = answer
  }
  return { decision: 'allow' as const, answers }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

function textsOf(values: unknown[]): string[] | undefined {
  const texts = values.filter(value => typeof value === 'string')
  return texts.length > 0 ? texts : undefined
}

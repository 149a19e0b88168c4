import {
  type AnswerPermissionRequest,
  ApiError,
  type PermissionRequest,
  type SessionClient,
} from '../../client/index.ts'
import { checkAnswer } from '../../contract/check-input.ts'
import { invalidField, invalidRequest, type RequestIssue, ServiceError } from '../../contract/errors.ts'
import type { RunInput } from './input.ts'
import { inlineSource, toolMessages } from './prompt.ts'
import type { Message, ResumeEntry } from './protocol.ts'

type Json = Record<string, unknown>

/** The answers that a run brings to requests of earlier runs. */
export class Answers {
  readonly #resume: ReadonlyMap<string, { entry: ResumeEntry; path: string }>
  readonly #tools: ReturnType<typeof toolMessages>
  /** Ids of answered requests, and of answered calls of the application's tools. */
  readonly #sent = new Set<string>()
  /** New results: those at the end of the messages. */
  readonly #newResults: readonly string[]

  constructor(input: RunInput) {
    const entries = input.resume.map(
      (entry, index) => [entry.interruptId, { entry, path: `resume[${index}]` }] as const,
    )
    this.#resume = new Map(entries)
    this.#tools = toolMessages(input)
    const said = input.messages.filter(({ role }) => role !== 'user' && role !== 'activity')
    const last = said.findLastIndex(({ role }) => role !== 'tool')
    this.#newResults = said.slice(last + 1).flatMap(({ toolCallId }) => toolCallId ?? [])
  }

  /** Returns undefined if the run has no answer to the request, or has sent it. */
  find(request: PermissionRequest): AnswerPermissionRequest | undefined {
    const { permissionId, kind, toolUseId } = request
    if (this.#sent.has(permissionId)) return undefined
    if (kind === 'client_tool') {
      const found = this.#tools.get(toolUseId ?? '')
      return found && toResult(found.message, `${found.path}.content`)
    }
    const found = this.#resume.get(permissionId)
    return found && toDecision(request, found.entry, `${found.path}.payload`)
  }

  /** As `find`; an answer that the API would refuse, whatever it answers, is refused. */
  findChecked(request: PermissionRequest): AnswerPermissionRequest | undefined {
    const answer = this.find(request)
    if (!answer) return undefined
    try {
      checkAnswer(answer)
    } catch (error) {
      throw this.#inCallersWords(error, request)
    }
    return answer
  }

  /** Whether the run leaves the request open. */
  leaves({ permissionId, kind }: PermissionRequest): boolean {
    return kind !== 'hook' && !this.#sent.has(permissionId)
  }

  async send(
    session: SessionClient,
    request: PermissionRequest,
    answer: AnswerPermissionRequest,
  ): Promise<void> {
    const { permissionId, toolUseId } = request
    this.#sent.add(permissionId)
    if (toolUseId !== null) this.#sent.add(toolUseId)
    try {
      await session.answerIfPending(permissionId, answer)
    } catch (error) {
      throw this.#inCallersWords(error, request)
    }
  }

  #inCallersWords(error: unknown, { permissionId, toolUseId }: PermissionRequest): unknown {
    if (!(error instanceof ApiError || error instanceof ServiceError)) return error
    if (error.code !== 'INVALID_REQUEST') return error
    const resumed = this.#resume.get(permissionId)
    const { issues = [] } = error.details as { issues?: RequestIssue[] }
    return invalidRequest(
      issues.map(({ path, message }) => ({
        path: resumed
          ? `${resumed.path}.payload.${path.replace(/^updatedInput/, 'editedArgs')}`
          : `${this.#tools.get(toolUseId ?? '')?.path}.${toContentPath(path)}`,
        message,
      })),
    )
  }

  /** Answers to interrupts that are no longer open, or never were. */
  unusedEntries(): string[] {
    return [...this.#resume].flatMap(([id, { path }]) => (this.#sent.has(id) ? [] : [path]))
  }

  /** Tool results that came too late or twice. */
  unusedResults(): string[] {
    return this.#newResults.flatMap(id => (this.#sent.has(id) ? [] : (this.#tools.get(id)?.path ?? [])))
  }
}

/** The place of the result in a message of the role `tool`. */
function toContentPath(path: string): string {
  return path
    .replace(/^result/, 'content')
    .replace(/\]\.data$/, '].source.value')
    .replace(/\]\.mimeType$/, '].source.mimeType')
}

function toResult({ content, error }: Message, path: string): AnswerPermissionRequest {
  if (error !== undefined && error !== '') return { error }
  if (!Array.isArray(content)) return { result: content as string }
  const result = content.map((part, index) => {
    if (part?.type === 'text') return { type: 'text' as const, text: part.text }
    const { data, mimeType } = inlineSource(part, `${path}[${index}]`)
    if (part.type !== 'image') throw invalidField(`${path}[${index}].type`, 'must be text or image')
    return { type: 'image' as const, data, mimeType: mimeType as 'image/png' }
  })
  return { result }
}

function toDecision(
  request: PermissionRequest,
  { status, payload }: ResumeEntry,
  path: string,
): AnswerPermissionRequest {
  if (status === 'cancelled') {
    return {
      decision: 'deny',
      ...(request.kind !== 'elicitation' && { message: 'The request was dismissed' }),
    }
  }
  const { kind } = request
  const given = typeof payload === 'boolean' ? { approved: payload } : asObject(payload, path)
  if (kind === 'elicitation' && request.elicitation?.mode === 'form') {
    if (given.approved === false && Object.keys(given).length === 1) return { decision: 'deny' }
    return { decision: 'allow', content: given as NonNullable<AnswerPermissionRequest['content']> }
  }
  if (kind === 'question' && given.answers !== undefined) {
    const answers = asObject(given.answers, `${path}.answers`)
    return { decision: 'allow', answers: answers as NonNullable<AnswerPermissionRequest['answers']> }
  }
  if (typeof given.approved !== 'boolean') {
    throw invalidField(kind === 'question' ? `${path}.answers` : `${path}.approved`, 'is required')
  }
  return toVerdict(given, path)
}

const verdictFields = new Set(['approved', 'editedArgs', 'remember', 'message', 'permissionMode'])

/** The API refuses fields that do not fit the kind of the request. */
function toVerdict({ approved, ...given }: Json, path: string): AnswerPermissionRequest {
  for (const name of Object.keys(given)) {
    if (!verdictFields.has(name)) throw invalidField(`${path}.${name}`, 'unknown field')
  }
  const { editedArgs, ...rest } = given
  const updatedInput = editedArgs === undefined ? undefined : asObject(editedArgs, `${path}.editedArgs`)
  const answer = { ...rest, ...(updatedInput && { updatedInput }) }
  return { decision: approved ? 'allow' : 'deny', ...answer } as AnswerPermissionRequest
}

function asObject(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw invalidField(path, 'must be an object')
}

import {
  type AnswerPermissionRequest,
  isTerminal,
  type PermissionRequest,
  type SessionEvent,
} from '../../client/index.ts'
import { asObject } from './content.ts'
import type { Context } from './context.ts'
import { invalid, Refusal } from './errors.ts'
import type { ResultBlock, UserEvent } from './event-types.ts'
import { fromToolEventId, toObjectEventId } from './ids.ts'
import type { OpenedSession } from './open-session.ts'
import { isAnswerable } from './request-mapper.ts'
import type { ClientAnswer, Confirmation } from './sent-events.ts'
import { TurnHistory } from './turn-history.ts'

/** How long an answer may come before its request, which Claude Code makes when it gets to the call. */
const patienceMs = 30_000
const clientKinds: ReadonlySet<PermissionRequest['kind']> = new Set(['client_tool'])
const personKinds: ReadonlySet<PermissionRequest['kind']> = new Set(['tool', 'question', 'plan', 'hook'])

/** @param at the place of the event in the body */
export async function answerRequest(
  context: Context,
  session: OpenedSession,
  event: Confirmation | ClientAnswer,
  at: string,
): Promise<UserEvent> {
  const field = event.type === 'user.custom_tool_result' ? 'custom_tool_use_id' : 'tool_use_id'
  const id = event.type === 'user.custom_tool_result' ? event.custom_tool_use_id : event.tool_use_id
  const toolUseId = fromToolEventId(id)
  const isConfirmation = event.type === 'user.tool_confirmation'
  const kinds = isConfirmation ? personKinds : clientKinds
  const found = toolUseId && (await findRequest(context, session, toolUseId, kinds))
  if (!found) throw invalid(`${at}.${field}`, 'must be the id of a call that waits in this session')
  const answer = isConfirmation ? toDecision(found, event) : toResult(event)
  const resolved = await context.api.session(session.id).answerIfPending(found.permissionId, answer)
  if (!resolved) throw invalid(`${at}.${field}`, 'was answered before')
  return toEvent(event, id, toObjectEventId(found.permissionId), resolved.decidedAt)
}

/**
 * Finds the request of a call. Claude Code may not have come to it: the client knows the call from the message, and
 * calls of one message can follow each other.
 *
 * @returns undefined: there is no such call, or it is over
 * @throws Refusal to be repeated, if Claude Code does not come to it
 */
async function findRequest(
  { api, request }: Context,
  session: OpenedSession,
  toolUseId: string,
  kinds: ReadonlySet<PermissionRequest['kind']>,
): Promise<PermissionRequest | undefined> {
  const pending = await api.session(session.id).pendingRequests()
  const waits = pending.find(one => one.toolUseId === toolUseId && kinds.has(one.kind) && isAnswerable(one))
  if (waits) return waits
  const { after } = await new TurnHistory(api, session.id).findPlace(session.session.lastSequence)
  const late = AbortSignal.timeout(patienceMs)
  const signal = AbortSignal.any([request.signal, late])
  const search = new RequestSearch(toolUseId, kinds)
  try {
    for await (const event of api.session(session.id).follow({ after, signal })) {
      search.see(event)
      if (search.isDecided) return search.found
    }
    return undefined
  } catch (error) {
    if (!late.aborted || request.signal.aborted) throw error
    throw new Refusal(409, 'Claude has not come to this call yet; send the answer again', { mayRepeat: true })
  }
}

/** Looks for the open request of a call in the log of its turn. */
class RequestSearch {
  readonly #toolUseId: string
  readonly #kinds: ReadonlySet<PermissionRequest['kind']>
  found: PermissionRequest | undefined
  #isCalled = false
  #wasAnswered = false
  #isLive = false
  #isOver = false

  constructor(toolUseId: string, kinds: ReadonlySet<PermissionRequest['kind']>) {
    this.#toolUseId = toolUseId
    this.#kinds = kinds
  }

  /** Whether nothing can change what was found. */
  get isDecided(): boolean {
    return this.#isLive && (this.found !== undefined || !this.#isCalled || this.#wasAnswered || this.#isOver)
  }

  see({ type, data }: SessionEvent): void {
    if (type === 'caught_up') this.#isLive = true
    else if (type === 'message') this.#isCalled ||= calls(data.message, this.#toolUseId)
    else if (type === 'permission.requested') this.#open(data)
    else if (type === 'permission.resolved' && data.permissionId === this.found?.permissionId) {
      this.found = undefined
      this.#wasAnswered = true
    } else if (isTerminal(type)) this.#isOver = true
    else if (type === 'turn.started') this.#isOver = false
  }

  #open(request: PermissionRequest): void {
    if (request.toolUseId !== this.#toolUseId || !isAnswerable(request)) return
    this.#isCalled = true
    if (this.#kinds.has(request.kind)) this.found = request
  }
}

function calls(message: Record<string, unknown>, toolUseId: string): boolean {
  const { content } = asObject(message.message)
  return Array.isArray(content) && content.some(block => asObject(block).id === toolUseId)
}

function toDecision({ kind }: PermissionRequest, event: Confirmation): AnswerPermissionRequest {
  const { result, deny_message: reason } = event
  if (kind !== 'hook') {
    return { decision: result, ...(result === 'deny' && typeof reason === 'string' && { message: reason }) }
  }
  // A hook that fails blocks the call, and Claude is given the reason.
  if (result === 'deny') return { error: reason || 'The user does not want this call' }
  return { output: { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' } } }
}

function toResult({ content = [], is_error: isError }: ClientAnswer): AnswerPermissionRequest {
  const blocks = content.map(toToolBlock)
  if (!isError) return { result: blocks.length > 0 ? blocks : '(no output)' }
  const texts = blocks.flatMap(block => (block.type === 'text' ? [block.text] : []))
  return { error: texts.join('\n') || 'The tool failed' }
}

type GivenBlock = NonNullable<ClientAnswer['content']>[number]

function toToolBlock(block: GivenBlock) {
  switch (block.type) {
    case 'text':
      return block
    case 'image':
      return { type: block.type, data: block.source.data, mimeType: block.source.media_type }
    case 'document':
      return { type: 'text' as const, text: [block.title, block.source.data].filter(Boolean).join('\n\n') }
    case 'search_result': {
      const found = block.content.map(({ text }) => text).join('\n')
      return { type: 'text' as const, text: `${block.title} (${block.source})\n${found}` }
    }
  }
}

function toEvent(
  event: Confirmation | ClientAnswer,
  of: string,
  id: string,
  processed_at: string | null,
): UserEvent {
  if (event.type === 'user.tool_confirmation') {
    const { type, result, deny_message: reason } = event
    const denied = result === 'deny' && typeof reason === 'string' ? { deny_message: reason } : {}
    return { type, id, tool_use_id: of, result, ...denied, processed_at }
  }
  const content = event.content?.map(toShownBlock)
  const fields = { id, ...(content && { content }), is_error: event.is_error === true, processed_at }
  return event.type === 'user.tool_result'
    ? { type: event.type, tool_use_id: of, ...fields }
    : { type: event.type, custom_tool_use_id: of, ...fields }
}

function toShownBlock(block: GivenBlock): ResultBlock {
  if (block.type === 'image') return block
  const shown = toToolBlock(block)
  return shown.type === 'text' ? shown : { type: 'text', text: '' }
}

import { isDeepStrictEqual } from 'node:util'
import {
  isApiError,
  type PatchSessionRequest,
  type PromptBlock,
  type Session,
  type SessionClient,
  type Turn,
} from '../../client/index.ts'
import { checkAnswer, checkPrompt } from '../../contract/check-input.ts'
import { type RequestIssue, ServiceError } from '../../contract/errors.ts'
import { isPreset } from '../../contract/session-configuration.ts'
import { CallRequests } from './call-requests.ts'
import type { ClientFunction, CommonRequest, Context, ToolEntry } from './common-request.ts'
import { toTranscript } from './conversation.ts'
import { createSession, type Found, findByHistory, findPrevious, refuseOpenCalls } from './find-session.ts'
import { decodeCall, type ResponseCursor } from './ids.ts'
import { findNamed } from './named-session.ts'
import { badField, type Problem, toShown } from './problem.ts'

/** A turn whose answer the response shows. */
export interface StartedTurn {
  cursor: ResponseCursor
  session: SessionClient
  /** The session and the turn as they were stored when it began. */
  stored: Session
  turn: Turn
  /** Where the reading of the turn begins in the log. */
  from: number
  /** The calls before that. */
  requests?: CallRequests | undefined
  /** Whether the session is found by the conversation next time. */
  isAnonymous: boolean
}

interface Options {
  /** The response that this one continues. */
  previous?: ResponseCursor | undefined
  isBackground: boolean
  /** The name of the field with the messages. */
  field: string
}

/** Begins a turn, or continues one with the results of functions. */
export async function startTurn(
  context: Context,
  request: CommonRequest,
  options: Options,
): Promise<StartedTurn> {
  const { newest, showsReasoning } = request
  const { previous, isBackground } = options
  const isAnonymous = request.sessionName === undefined && previous === undefined
  const { session, turnId, stored, ...reading } =
    'results' in newest
      ? await continueTurn(context, request, newest.results, previous?.sessionId)
      : await beginTurn(context, request, newest.prompt, options)
  // These calls do not end with the signal: if the client has left, the turn is interrupted when it is followed.
  const [found, turn] = await Promise.all([stored ?? session.get(), session.getTurn(turnId)])
  const { after = 0, requests } = reading
  const cursor = { sessionId: session.id, turnId, after, showsReasoning, isBackground }
  // The turn of a repeated request may have begun before the session was found.
  const first = turn.firstSequence ?? (stored?.lastSequence ?? 0) + 1
  const from = requests ? after : first - 1
  return { cursor, session, stored: found, turn, from, requests, isAnonymous }
}

interface Submitted {
  session: SessionClient
  turnId: string
  stored?: Session | undefined
  /** How far a turn that continues has been read. */
  after?: number
  requests?: CallRequests
}

async function beginTurn(
  context: Context,
  request: CommonRequest,
  prompt: PromptBlock[],
  options: Options,
): Promise<Submitted> {
  // Before a session is created or changed for it.
  checkPrompt(prompt)
  const found = await find(context, request, options)
  context.signal.throwIfAborted()
  try {
    return await submit(request, found, prompt)
  } catch (error) {
    const isAnonymous = request.sessionName === undefined && options.previous === undefined
    // Another request continues the same conversation: this one begins a session of its own.
    if (!isAnonymous || !isApiError(error, 'SESSION_BUSY')) throw error
    const session = await createSession(context, request)
    return await submit(request, { session, knowsHistory: false }, prompt)
  }
}

async function find(context: Context, request: CommonRequest, { previous, field }: Options): Promise<Found> {
  if (previous || request.sessionName !== undefined) {
    const found = previous
      ? await findPrevious(context, previous)
      : await findNamed(context, request, request.sessionName ?? '')
    await refuseOpenCalls(context, found, field)
    return await applyChanges(found, request)
  }
  const found = await findByHistory(context, request)
  if (found?.stored?.state === 'idle' && !findOtherAgent(found.stored, request)) {
    return await applyChanges(found, request)
  }
  return { session: await createSession(context, request), knowsHistory: false }
}

async function submit(
  request: CommonRequest,
  { session, stored, knowsHistory }: Found,
  prompt: PromptBlock[],
): Promise<Submitted> {
  const blocks = knowsHistory ? prompt : toTranscript(request.history, prompt)
  const [only, ...rest] = blocks
  const isText = only?.type === 'text' && rest.length === 0
  const { turnId } = await session.submit(isText ? only.text : blocks, {
    idempotencyKey: request.idempotencyKey,
    // Only a session that is named can have other turns meanwhile.
    onBusy: knowsHistory && request.sessionName === undefined ? 'reject' : 'queue',
  })
  return { session, turnId, stored }
}

/** Gives Claude the results of functions. A repetition of the request leads to the same response. */
async function continueTurn(
  context: Context,
  request: CommonRequest,
  results: readonly ToolEntry[],
  previous: string | undefined,
): Promise<Submitted> {
  const { client, signal } = context
  const answers = results.map(entry => ({ ...entry, call: decodeCall(entry.callId) ?? refuseCall(entry) }))
  const [first] = answers
  if (!first) throw badField('messages', 'must have the result of a function')
  const { sessionId } = first.call
  const stray = answers.find(({ call }) => call.sessionId !== (previous ?? sessionId))
  if (stray) refuseCall(stray)
  const ids = new Set<string>()
  for (const answer of answers) {
    const { permissionId } = answer.call
    if (ids.has(permissionId)) throw badField(answer.path, 'must not be a second result of the same call')
    ids.add(permissionId)
    checkResult(answer)
  }
  const session = client.session(sessionId)
  const { turnId, kind, status } = await requestOf(session, first)
  if (turnId === null || kind !== 'client_tool') return refuseCall(first)
  const stored = await session.get({ signal })
  const other = changedFunctions(stored, request) && findOtherAgent(stored, request)
  if (other) {
    if (status !== 'pending') return refuseCall(first)
    // Without the conversation another session would know nothing of it.
    if (previous !== undefined || request.sessionName !== undefined || request.history.length === 0)
      throw other
    return await handOff(context, request, results, { session, turnId })
  }
  const { requests, after } = await findCalls(session, turnId, ids, signal)
  for (const answer of answers) await giveResult(session, answer)
  return { session, turnId, stored, after, requests }

  async function requestOf(of: SessionClient, entry: (typeof answers)[number]) {
    const params = { sessionId: of.id, permissionId: entry.call.permissionId }
    try {
      return await client.call('getPermission', { params }, { signal })
    } catch (error) {
      if (isApiError(error, 'SESSION_NOT_FOUND', 'PERMISSION_REQUEST_NOT_FOUND')) {
        return refuseCall(entry)
      }
      throw error
    }
  }
}

/** Continues a conversation with another agent, in a session of its own, in place of the turn that waits. */
async function handOff(
  context: Context,
  request: CommonRequest,
  results: readonly ToolEntry[],
  { session, turnId }: Submitted,
): Promise<Submitted> {
  const history = [...request.history, ...results]
  const prompt: PromptBlock = { type: 'text', text: 'Continue this conversation where it is.' }
  const created = await createSession(context, request)
  const begun = await submit({ ...request, history }, { session: created, knowsHistory: false }, [prompt])
  await session.interrupt({ turnId }).catch(context.logFault)
  return begun
}

/** Before the first result is given, which stays. */
function checkResult({ path, result }: ToolEntry): void {
  try {
    checkAnswer({ result })
  } catch (error) {
    const issues = error instanceof ServiceError ? (error.details.issues as RequestIssue[] | undefined) : []
    throw issues?.[0] ? badField(path, `${issues[0].path}: ${issues[0].message}`) : error
  }
}

function refuseCall({ path, callId }: ToolEntry): never {
  throw badField(path, `must be the result of a function call that waits, not of ${toShown(callId)}`)
}

async function giveResult(
  session: SessionClient,
  entry: ToolEntry & { call: { permissionId: string } },
): Promise<void> {
  try {
    await session.answer(entry.call.permissionId, { result: entry.result })
  } catch (error) {
    if (!isApiError(error, 'PERMISSION_ALREADY_RESOLVED', 'PERMISSION_REQUEST_NOT_FOUND')) throw error
    // A repetition of a request whose response did not arrive.
    if (error.details.status === 'answered') return
    refuseCall(entry)
  }
}

/** Reads the turn as far as the last of these calls. */
export async function findCalls(
  session: SessionClient,
  turnId: string,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<{ requests: CallRequests; after: number }> {
  const requests = new CallRequests()
  const missing = new Set(ids)
  let after = 0
  for await (const event of session.follow({ turnId, signal })) {
    for (const { permissionId } of requests.see(event)) {
      if (missing.delete(permissionId)) after = (event.data as { sequence: number }).sequence
    }
    if (missing.size === 0 || event.type === 'caught_up') break
  }
  return { requests, after }
}

/** Changes what the request asks for and the session has not, as far as that can be changed. */
async function applyChanges(found: Found, request: CommonRequest): Promise<Found> {
  const { session, stored } = found
  if (!stored) return found
  const other = findOtherAgent(stored, request)
  if (other) throw other
  const { config } = stored
  const { agent } = request
  const model = 'model' in agent ? agent.model : undefined
  const changes: PatchSessionRequest = {}
  if (model !== undefined && model !== config.model) changes.model = model
  if (request.effort !== undefined && request.effort !== config.effort) changes.effort = request.effort
  const functions = changedFunctions(stored, request)
  if (functions) changes.clientTools = functions.length > 0 ? functions : null
  if (Object.keys(changes).length === 0) return found
  return { ...found, stored: await session.update(changes) }
}

/** The functions of the request; undefined: the session has the same. */
function changedFunctions({ preset, config }: Session, request: CommonRequest): ClientFunction[] | undefined {
  const wanted = request.functions ?? (preset ? undefined : [])
  return isDeepStrictEqual(wanted, config.clientTools ?? []) ? undefined : wanted
}

/** Names what the request asks for and a session cannot change; undefined: the session is what it asks for. */
function findOtherAgent({ preset, config }: Session, request: CommonRequest): Problem | undefined {
  const { agent, instructions } = request
  if ('preset' in agent && !isPreset(preset, agent.preset)) {
    return badField('model', `must be the preset of the session, not ${agent.preset}`)
  }
  const given = config.appendSystemPrompt ?? ''
  if (instructions !== undefined && given !== instructions && !given.endsWith(`\n\n${instructions}`)) {
    const { instructionsField: field } = request
    return badField(field, 'must be the instructions with which the session began, or absent')
  }
  if (request.format === undefined && preset) return undefined
  if (!isDeepStrictEqual(request.format, config.outputFormat)) {
    const { formatField: field } = request
    return badField(field, 'must be the format with which the session began')
  }
  return undefined
}

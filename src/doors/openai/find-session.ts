import { createHash } from 'node:crypto'
import type { CreateSessionRequest, Session, SessionClient } from '../../client/index.ts'
import type { CommonRequest, Context, Entry } from './common-request.ts'
import { encodeCall, type ResponseCursor } from './ids.ts'
import { getPreset } from './models.ts'
import { badField } from './problem.ts'

/** The session that a prompt goes to. */
export interface Found {
  session: SessionClient
  /** As it is stored; undefined: it is new. */
  stored?: Session
  /** Whether Claude knows the history of the request. */
  knowsHistory: boolean
}

/** The session of the response that the request continues. */
export async function findPrevious(context: Context, cursor: ResponseCursor): Promise<Found> {
  const session = context.client.session(cursor.sessionId)
  const stored = await session.get({ signal: context.signal })
  // Every response can be continued, also one that others follow: a fork has what Claude knew then.
  if (stored.lastTurn?.turnId !== cursor.turnId) {
    const input = { params: { sessionId: session.id }, body: { afterTurnId: cursor.turnId } }
    const fork = context.client.session((await context.client.call('forkSession', input)).sessionId)
    return { session: fork, stored: await fork.get(), knowsHistory: false }
  }
  return { session, stored, knowsHistory: false }
}

/** The one session whose conversation is exactly the history of the request. */
export async function findByHistory(context: Context, request: CommonRequest): Promise<Found | undefined> {
  if (request.history.length === 0) return undefined
  const tag = [historyTag(context, request, request.history)]
  const query = { tag, archived: 'all' as const, limit: 2 }
  const { sessions } = await context.client.call('listSessions', { query }, { signal: context.signal })
  const [one, other] = sessions
  if (!one || other) return undefined
  const session = context.client.session(one.sessionId)
  return { session, stored: await session.get({ signal: context.signal }), knowsHistory: true }
}

/** Marks a session with the conversation that it has now, for the request that continues it. */
export async function markHistory(
  context: Context,
  request: CommonRequest,
  sessionId: string,
  text: string,
): Promise<void> {
  const newest: Entry[] =
    'prompt' in request.newest
      ? [{ role: 'user', blocks: request.newest.prompt, path: '' }]
      : request.newest.results
  const answer: Entry = { role: 'assistant', text, calls: [], path: '' }
  const tag = historyTag(context, request, [...request.history, ...newest, answer])
  const session = context.client.session(sessionId)
  const { tags } = await session.get()
  await session.update({ tags: [...tags.filter(other => !other.startsWith(tagPrefix)), tag] })
}

const tagPrefix = 'openai:'

function historyTag({ caller }: Context, request: CommonRequest, entries: readonly Entry[]): string {
  const { user, instructions, format, agent } = request
  const preset = 'preset' in agent ? agent.preset : ''
  const parts = [
    caller.tenantId,
    caller.keyId,
    user,
    preset,
    instructions,
    format,
    joinUsers(entries).map(essence),
  ]
  return tagPrefix + createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)
}

/** Several messages of the user are one prompt. */
function joinUsers(entries: readonly Entry[]): Entry[] {
  const joined: Entry[] = []
  for (const entry of entries) {
    const before = joined.at(-1)
    if (entry.role === 'user' && before?.role === 'user') {
      joined[joined.length - 1] = { ...before, blocks: [...before.blocks, ...entry.blocks] }
    } else {
      joined.push(entry)
    }
  }
  return joined
}

/** The part of a message that is compared: clients may send it again with other white space at its ends, or in other parts. */
function essence(entry: Entry): unknown {
  switch (entry.role) {
    case 'user':
      return ['u', entry.blocks.map(block => (block.type === 'text' ? block.text.trim() : block.source))]
    case 'assistant':
      return [
        'a',
        entry.text.trim(),
        entry.calls.map(call => [call.id, call.name, canonical(call.arguments)]),
      ]
    case 'tool':
      return ['t', entry.callId, entry.result]
    case 'system':
      return ['s', entry.text.trim()]
  }
}

function canonical(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json))
  } catch {
    return json
  }
}

export async function createSession(
  context: Context,
  request: CommonRequest,
  sessionId?: string,
): Promise<SessionClient> {
  const { agent } = request
  const body = {
    ...(sessionId !== undefined && { sessionId }),
    ...('preset' in agent ? { preset: agent.preset } : agent.model !== undefined && { model: agent.model }),
    ...(await withInstructions(context, request)),
    ...(request.functions && { clientTools: request.functions }),
    ...(request.format && { outputFormat: request.format }),
    ...(request.effort && { effort: request.effort }),
    ...(request.permissionPrompts && { permissionPrompts: request.permissionPrompts }),
    ...(request.metadata && { metadata: request.metadata }),
  } satisfies CreateSessionRequest
  const { idempotencyKey } = request
  const headers = idempotencyKey === undefined ? {} : { 'Idempotency-Key': `${idempotencyKey}-session` }
  const created = await context.client.call('createSession', { body, headers })
  return context.client.session(created.sessionId)
}

/** Instructions of the request are added to those of the preset. */
async function withInstructions(
  context: Context,
  request: CommonRequest,
): Promise<{ appendSystemPrompt?: string }> {
  const { agent, instructions } = request
  if (!('preset' in agent)) return instructions === undefined ? {} : { appendSystemPrompt: instructions }
  const { configuration } = await getPreset(context, agent.preset, request.model)
  if (instructions === undefined) return {}
  const both = [configuration.appendSystemPrompt, instructions].filter(Boolean)
  return { appendSystemPrompt: both.join('\n\n') }
}

/** @throws Problem if functions wait for results in the session */
export async function refuseOpenCalls(
  context: Context,
  { session, stored }: Found,
  field: string,
): Promise<void> {
  if (!stored || stored.openRequests === 0) return
  const requests = await session.pendingRequests({ signal: context.signal })
  const call = requests.find(({ kind }) => kind === 'client_tool')
  if (!call) return
  const id = encodeCall({ sessionId: session.id, permissionId: call.permissionId })
  throw badField(field, `must have the result of the function call ${id}`)
}

import { isDeepStrictEqual } from 'node:util'
import type {
  ClaudeCodeClient,
  CreateSessionRequest,
  PatchSessionRequest,
  Session,
} from '../../client/index.ts'
import type { ChatRequest } from './chat-request.ts'
import { isCode, Refusal } from './problems.ts'

/** The session of a chat; undefined: the chat has not begun. */
export async function findSession(client: ClaudeCodeClient, sessionId: string): Promise<Session | undefined> {
  try {
    return await client.call('getSession', { params: { sessionId } })
  } catch (error) {
    if (isCode(error, 'SESSION_NOT_FOUND')) return undefined
    throw error
  }
}

/** Returns the session of a chat with the settings of the request; it is created with the chat's first message. */
export async function openSession(
  client: ClaudeCodeClient,
  sessionId: string,
  request: ChatRequest,
): Promise<Session> {
  const found = await findSession(client, sessionId)
  if (found) return await changeSettings(client, found, request)
  try {
    await client.createSession(await toNewSession(client, sessionId, request))
  } catch (error) {
    // Another request has begun the chat.
    if (!isCode(error, 'SESSION_ID_TAKEN')) throw error
  }
  return await client.call('getSession', { params: { sessionId } })
}

async function toNewSession(
  client: ClaudeCodeClient,
  sessionId: string,
  { preset, session = {}, clientTools }: ChatRequest,
): Promise<CreateSessionRequest> {
  const prompts = preset === undefined ? undefined : await readPermissionPrompts(client, preset)
  // The API checks every field.
  return {
    ...(prompts === undefined && { permissionPrompts: 'ask' }),
    ...session,
    ...(preset !== undefined && { preset }),
    ...(clientTools && { clientTools }),
    sessionId,
  } as CreateSessionRequest
}

async function readPermissionPrompts(client: ClaudeCodeClient, reference: string) {
  const [preset = '', version] = reference.split('@')
  const query = version === undefined ? {} : { query: { version: Number(version) } }
  const { configuration } = await client.call('getPreset', { params: { preset }, ...query })
  return configuration.permissionPrompts
}

/** Applies what can change while a chat goes along; the rest of `session` counts when the chat begins. */
async function changeSettings(
  client: ClaudeCodeClient,
  found: Session,
  { preset, session = {}, clientTools }: ChatRequest,
): Promise<Session> {
  if (preset !== undefined) checkPreset(found, preset)
  const config = found.config as unknown as Record<string, unknown>
  const wanted = { model: session.model, effort: session.effort, clientTools }
  const changes = Object.entries(wanted).filter(
    ([name, value]) => value !== undefined && !isDeepStrictEqual(value, config[name] ?? undefined),
  )
  if (changes.length === 0) return found
  const body = Object.fromEntries(changes) as PatchSessionRequest
  return await client.call('patchSession', { params: { sessionId: found.sessionId }, body })
}

function checkPreset({ preset: used }: Session, reference: string): void {
  const [name, version] = reference.split('@')
  if (used?.name === name && (version === undefined || used?.version === Number(version))) return
  const begun = used ? `with ${used.name}@${used.version}` : 'without one'
  throw new Refusal(`preset: the chat was begun ${begun}, and keeps that`, 409, 'PRESET_FIXED')
}

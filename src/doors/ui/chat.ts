import { isDeepStrictEqual } from 'node:util'
import {
  type ClaudeCodeClient,
  type CreateSessionRequest,
  isApiError,
  type PatchSessionRequest,
  type Session,
} from '../../client/index.ts'
import { checkChanges, checkNewSession } from '../../contract/check-input.ts'
import { isPreset, readPresetReference } from '../../contract/session-configuration.ts'
import type { ChatRequest } from './chat-request.ts'
import { checkNaming, naming, Refusal } from './problems.ts'

/** Returns the session of a chat with the settings of the request; it is created with the chat's first message. */
export async function openSession(
  client: ClaudeCodeClient,
  sessionId: string,
  request: ChatRequest,
): Promise<Session> {
  const found = await client.session(sessionId).find()
  if (found) return await changeSettings(client, found, request)
  const body = await toNewSession(client, sessionId, request)
  checkNaming(() => checkNewSession(body), toPath)
  try {
    await naming(client.createSession(body), toPath)
  } catch (error) {
    // Another request has begun the chat.
    if (!isApiError(error, 'SESSION_ID_TAKEN')) throw error
  }
  return await client.session(sessionId).get()
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
  const { name, version } = readPresetReference(reference)
  const query = version === undefined ? {} : { query: { version } }
  const found = client.call('getPreset', { params: { preset: name }, ...query })
  const { configuration } = await naming(found, () => 'preset')
  return configuration.permissionPrompts
}

/** Applies what can change while a chat goes along; the rest of `session` counts when the chat begins. */
async function changeSettings(
  client: ClaudeCodeClient,
  found: Session,
  request: ChatRequest,
): Promise<Session> {
  const changes = checkSettings(found, request)
  if (Object.keys(changes).length === 0) return found
  return await naming(client.session(found.sessionId).update(changes), toPath)
}

/**
 * Checks the settings that a request for a chat has.
 *
 * @returns what differs from those of the chat
 * @throws Refusal that names the field
 */
export function checkSettings(
  found: Session,
  { preset, session = {}, clientTools }: ChatRequest,
): PatchSessionRequest {
  if (preset !== undefined) checkPreset(found, preset)
  const config = found.config as unknown as Record<string, unknown>
  const wanted = { model: session.model, effort: session.effort, clientTools }
  const changes = Object.entries(wanted).filter(
    ([name, value]) => value !== undefined && !isDeepStrictEqual(value, config[name] ?? undefined),
  )
  const body = Object.fromEntries(changes)
  checkNaming(() => checkChanges(body), toPath)
  return body as PatchSessionRequest
}

function checkPreset({ preset: used }: Session, reference: string): void {
  if (isPreset(used ?? null, reference)) return
  const kept = used
    ? `must be ${used.name}@${used.version}, as when the chat began`
    : 'must not be set: the chat was begun without one'
  throw new Refusal(`preset: ${kept}`, 409, 'PRESET_FIXED')
}

/** The place in the client's request from which a setting of the session comes. */
function toPath(field: string): string {
  return /^(preset|clientTools)\b/.test(field) ? field : `session.${field}`
}

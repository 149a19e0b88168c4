import { isDeepStrictEqual } from 'node:util'
import {
  type ClaudeCodeClient,
  type CreateSessionRequest,
  isApiError,
  type PatchSessionRequest,
  type Session,
  type SessionClient,
} from '../../client/index.ts'
import { checkChanges, checkNewSession } from '../../contract/check-input.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { invalidField } from '../../contract/errors.ts'
import { isPreset, readPresetReference } from '../../contract/session-configuration.ts'
import { deriveId } from '../../lib/derived-id.ts'
import type { RunInput } from './input.ts'
import type { Tool } from './protocol.ts'

/** The session of a thread, and its state when the run arrived. */
export interface Thread {
  session: SessionClient
  found: Session
}

/** The session of a thread; its id is derived from the tenant and the thread's id. */
export function sessionOf(
  client: ClaudeCodeClient,
  { caller }: DoorExchange,
  threadId: string,
): SessionClient {
  return client.session(deriveId('ag-ui', caller.tenantId, threadId))
}

/** Returns undefined for a thread without a session. */
export async function findThread(session: SessionClient): Promise<Thread | undefined> {
  const found = await session.find()
  return found && { session, found }
}

/** Creates the session of a new thread. */
export async function createThread(
  client: ClaudeCodeClient,
  session: SessionClient,
  input: RunInput,
): Promise<void> {
  const { preset, model, permissionMode } = input.props
  const instructions = instructionsOf(input)
  const body: CreateSessionRequest = {
    sessionId: session.id,
    metadata: { threadId: input.threadId },
    ...(preset !== undefined && { preset }),
    ...(model !== undefined && { model }),
    ...(permissionMode !== undefined && { permissionMode }),
    ...(instructions !== undefined && { appendSystemPrompt: instructions }),
    ...(input.tools.length > 0 && { clientTools: input.tools.map(toDeclaration) }),
    ...(!(await decidesPrompts(client, preset)) && { permissionPrompts: 'ask' as const }),
  }
  checkNewSession(body)
  try {
    await client.createSession(body)
  } catch (error) {
    // A concurrent run has created it.
    if (!isApiError(error, 'SESSION_ID_TAKEN')) throw error
  }
}

/** Refuses a run with other settings where those of the thread cannot change. */
export function checkThread({ found }: Thread, input: RunInput): void {
  checkPreset(found, input.props.preset)
  const instructions = instructionsOf(input)
  if (instructions !== undefined && instructions !== found.config.appendSystemPrompt) {
    const index = input.messages.findIndex(isInstruction)
    throw invalidField(`messages[${index}]`, 'the instructions of a thread cannot change')
  }
}

/** Applies the settings of the run to the session, before its prompt. */
export async function updateThread({ session, found }: Thread, input: RunInput): Promise<void> {
  const { model, permissionMode } = input.props
  const clientTools = input.tools.map(toDeclaration)
  const changes: PatchSessionRequest = {
    ...(model !== undefined && model !== found.config.model && { model }),
    ...(permissionMode !== undefined && permissionMode !== found.config.permissionMode && { permissionMode }),
    ...(!isDeepStrictEqual(clientTools, found.config.clientTools ?? []) && { clientTools }),
  }
  if (Object.keys(changes).length === 0) return
  checkChanges(changes)
  await session.update(changes)
}

function checkPreset({ preset }: Session, wanted: string | undefined): void {
  if (wanted === undefined || isPreset(preset, wanted)) return
  const made = preset ? `${preset.name}@${preset.version}` : 'no preset'
  throw invalidField('forwardedProps.preset', `the thread uses ${made}`)
}

/** Whether a preset sets `permissionPrompts`. */
async function decidesPrompts(client: ClaudeCodeClient, preset: string | undefined): Promise<boolean> {
  if (preset === undefined) return false
  const { name, version } = readPresetReference(preset)
  const input = { params: { preset: name }, query: { version } }
  const { configuration } = await client.call('getPreset', input)
  return configuration.permissionPrompts !== undefined
}

function isInstruction({ role }: { role: string }): boolean {
  return role === 'system' || role === 'developer'
}

function instructionsOf({ messages }: RunInput): string | undefined {
  const texts = messages.filter(isInstruction).map(({ content }) => String(content))
  return texts.length > 0 ? texts.join('\n\n') : undefined
}

function toDeclaration({ name, description, parameters, metadata }: Tool) {
  const hasSchema = parameters !== undefined && Object.keys(parameters).length > 0
  return {
    name,
    ...(description !== undefined && { description }),
    ...(hasSchema && { inputSchema: { type: 'object', ...parameters } }),
    ...(metadata?.readOnly === true && { readOnly: true }),
  }
}

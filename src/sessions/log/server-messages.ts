import { randomUUID } from 'node:crypto'
import type { Prompt } from '../../contract/turns.ts'
import type { NewEvent, PermissionRecord } from '../records.ts'

/** Messages that the server itself adds to a conversation's log, in the form of Claude Code's. */

/** The caller's prompt as a message of the turn. */
export function toPromptMessage(
  turnId: string,
  id: string,
  prompt: Prompt,
  claudeSessionId: string,
): NewEvent {
  const message = {
    type: 'user',
    message: { role: 'user', content: prompt },
    parent_tool_use_id: null,
    uuid: id,
    session_id: claudeSessionId,
  }
  return { type: 'message', turnId, payload: { id, source: 'user', message } }
}

/** The prompt of a message of `toPromptMessage`. */
export function promptOf(message: Record<string, unknown>): Prompt {
  return (message.message as { content: Prompt }).content
}

/** Tells the history of a turn that a crash has ended. */
export function toLossMessage(sessionId: string, turnId: string, text: string): NewEvent {
  return toNote(turnId, { subtype: 'turn_lost', session_id: sessionId, text })
}

/**
 * Tells the history of a call whose input a person has changed: the transcript of Claude Code has only the input
 * that Claude gave.
 */
export function toInputChangeMessage(
  permission: PermissionRecord,
  updatedInput: Record<string, unknown>,
): NewEvent {
  return toNote(permission.turnId, {
    subtype: 'tool_input_changed',
    session_id: permission.sessionId,
    permission_id: permission.id,
    tool_name: permission.toolName,
    tool_use_id: permission.toolUseId,
    input: permission.request.input,
    updated_input: updatedInput,
  })
}

function toNote(turnId: string | null, fields: { subtype: string } & Record<string, unknown>): NewEvent {
  const id = randomUUID()
  const { subtype, ...more } = fields
  const message = { type: 'system', subtype, uuid: id, ...more }
  return { type: 'message', turnId, payload: { id, source: 'sdk', message } }
}

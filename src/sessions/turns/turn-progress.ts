import { promptOf } from '../log/server-messages.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { AgentMessage, MessageReader, Store, UsageShare } from '../ports/index.ts'
import type { MessagePayload } from '../records.ts'
import type { OpenTurn } from './turn.ts'
import { addShares, figuresOf } from './turn-figures.ts'
import { entriesOfProgress } from './usage-entries.ts'

const pageSize = 500

/** Takes note of a message of the turn that Claude Code has told of. */
export function noteMessage(turn: OpenTurn, id: string, message: AgentMessage): void {
  // To Claude Code, input that is steered in after an answer is a prompt of its own, whose count starts at 0.
  if (message.kind === 'end') turn.agenticTurns = 0
  if (message.kind !== 'assistant' || message.isOfSubagent) return
  if (message.isOfClaude) turn.messageId = id
  // Each block of what the model says in one go is a message with the same inner id.
  const said = message.modelMessageId
  const isAnother = said === undefined || said !== turn.lastSaid
  if (isAnother) turn.agenticTurns++
  const { text } = message
  if (text !== '') turn.said = isAnother ? text : `${turn.said ?? ''}${text}`
  turn.lastSaid = said
}

/** Whether the model may not be asked again after this one: no other process could be told so. */
export function isLastAgenticTurn(turn: OpenTurn | undefined, maxTurns: number | null): boolean {
  return turn !== undefined && maxTurns !== null && turn.agenticTurns >= maxTurns
}

/** Stores the usage of the turn's process so far: a process that has ended cannot be asked. */
export function noteFigures(turn: OpenTurn | undefined, share: UsageShare, writer: SessionWriter): void {
  if (!turn) return
  const figures = addShares(turn.before, share)
  const { id, createdBy } = turn.record
  const usage = entriesOfProgress(createdBy, figures, figuresOf(turn.record), Date.now())
  Object.assign(turn.record, figures)
  void writer.write({ updateTurn: { id, ...figures }, usage, events: [] })
}

/** Reads again how far a turn had come whose process is gone. */
export async function restoreProgress(store: Store, messages: MessageReader, turn: OpenTurn): Promise<void> {
  const { tenantId, sessionId, id, firstSequence } = turn.record
  turn.before = figuresOf(turn.record)
  let after = (firstSequence ?? 1) - 1
  for (;;) {
    const page = await store.listEvents(tenantId, { sessionId, after, limit: pageSize, turnId: id })
    for (const { type, payload } of page) if (type === 'message') restoreMessage(turn, messages, payload)
    const last = page.at(-1)
    if (!last || page.length < pageSize) return
    after = last.sequence
  }
}

function restoreMessage(turn: OpenTurn, messages: MessageReader, payload: MessagePayload): void {
  const { id, source, message } = payload
  if (source === 'sdk') noteMessage(turn, id, messages.read(message))
  else if (id !== turn.record.id) turn.steered.push({ id, prompt: promptOf(message) })
}

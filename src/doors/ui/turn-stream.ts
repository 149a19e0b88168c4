import { isTerminal, type SessionClient, type SessionEvent } from '../../client/index.ts'
import type { Chunk } from './chunk.ts'
import { MessageWriter } from './message-writer.ts'
import { replyModeOf, type UiRequest } from './requests.ts'
import type { Shown } from './shown.ts'
import { Subagents } from './subagents.ts'
import { endOf } from './turn-end.ts'

export interface TurnStreamOptions {
  turnId: string
  /** The sequence after which the message continues, and the tool calls that the client has; absent: from the start. */
  after?: number | undefined
  shown?: Partial<Shown> | undefined
  /** Requests from before `after` that wait; they are told again. */
  open?: readonly UiRequest[]
  signal: AbortSignal
}

/** How often in a row a stream is opened again: it outlasts the restart of a node. */
export const streamRetries = 8

/** Yields the chunks of a turn, up to its end or its first open requests. */
export async function* streamTurn(
  session: SessionClient,
  { turnId, after = 0, shown = {}, open: waiting = [], signal }: TurnStreamOptions,
): AsyncGenerator<Chunk, void> {
  const writer = new MessageWriter({ calls: new Map(), todos: [], ...shown })
  const subagents = new Subagents(writer)
  const open = new Map(
    waiting.filter(replyModeOf).map((request): [string, UiRequest] => [request.permissionId, request]),
  )
  let sequence = after
  let isLive = false
  const wanted = { turnId, after, includeDeltas: true, signal, retries: streamRetries }
  yield { type: 'start', messageId: turnId, messageMetadata: { turnId, sessionId: session.id } }
  for await (const event of session.follow(wanted)) {
    const { sequence: position } = event.data as { sequence?: number }
    if (position !== undefined) sequence = position
    if (event.type === 'reconnected') isLive = false
    if (event.type === 'caught_up') isLive = true
    else if (event.type === 'permission.requested') {
      if (replyModeOf(event.data)) open.set(event.data.permissionId, event.data)
    } else if (event.type === 'permission.resolved') {
      open.delete(event.data.permissionId)
      writer.resolve(event.data)
    } else if (isTerminal(event.type)) {
      yield* writer.take()
      yield* endOf(event, writer)
      return
    } else write(writer, subagents, event)
    if (isLive && open.size > 0) {
      const continued = writer.pause(pickRequests([...open.values()]), sequence)
      yield* writer.take()
      const messageMetadata = { sequence: continued }
      yield { type: 'finish', finishReason: 'tool-calls', messageMetadata }
      return
    }
    yield* writer.take()
  }
  // Nothing is left of the turn after the given sequence.
  writer.end()
  yield* writer.take()
  yield { type: 'finish', finishReason: 'other', messageMetadata: { sequence } }
}

/** Clients send outputs on their own: an approval in the same step would make them send the same again and again. */
function pickRequests(requests: UiRequest[]): UiRequest[] {
  const outputs = requests.filter(request => replyModeOf(request) === 'output')
  return outputs.length > 0 ? outputs : requests
}

function write(writer: MessageWriter, subagents: Subagents, event: SessionEvent): void {
  if (event.type === 'message') writer.addMessage(event.data)
  else if (event.type === 'delta') writer.addDelta(event.data)
  else if (event.type === 'delta.voided') writer.voidBlock(event.data)
  else if (event.type === 'reconnected') writer.voidAll()
  else if (event.type === 'activity') subagents.see(event.data.activity)
}

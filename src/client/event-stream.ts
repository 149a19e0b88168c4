import { createParser } from 'eventsource-parser'
import { ConnectionError } from './errors.ts'
import type {
  ActivityEvent,
  DeltaEvent,
  DeltaVoided,
  EventData,
  FeedCaughtUp,
  FeedClosing,
  FeedGap,
  StreamCaughtUp,
  StreamClosing,
  StreamGap,
  SuggestionEvent,
} from './generated-api.ts'
import { within } from './waiting.ts'

interface LiveData {
  delta: DeltaEvent
  'delta.voided': DeltaVoided
  activity: ActivityEvent
  suggestion: SuggestionEvent
  gap: StreamGap
  caught_up: StreamCaughtUp
}

type Typed<T> = { [Type in keyof T]: { type: Type; data: T[Type] } }[keyof T]

/** A message as Claude Code sent it; the client does not ask for the compact view. */
export type FullMessage = Extract<EventData['message'], { type: 'claude_code_message' }>
/** A stored event of a session. */
export type StoredEvent = Typed<Omit<EventData, 'message'> & { message: FullMessage }>
/** The connection is open again; deltas of blocks that have not become messages are sent again from their start. */
export interface ReconnectedEvent {
  type: 'reconnected'
  data: Record<string, never>
}
/** An item of a session's stream. */
export type SessionEvent = StoredEvent | Typed<LiveData> | ReconnectedEvent

/** An item of the stream over all sessions, with the position after it: `follow({ after: position })` resumes there. */
export type FeedEvent =
  | ((StoredEvent | Typed<{ gap: FeedGap; caught_up: FeedCaughtUp }>) & { position: number })
  | ReconnectedEvent

/** An event with the position after it, if it has one. */
export interface ReceivedEvent<Event> {
  event: Event | { type: 'closing'; data: StreamClosing | FeedClosing }
  position: number | undefined
}

/** The longest event that is accepted, in characters; the server's frames are shorter. */
const longestEvent = 64 * 1024 * 1024

/**
 * Reads the events of a response.
 *
 * @throws ConnectionError if it breaks off or stays silent
 */
export async function* readEvents<Event>(
  response: Response,
  silenceMs: number,
): AsyncGenerator<ReceivedEvent<Event>, void> {
  if (!response.body) return
  const received: ReceivedEvent<Event>[] = []
  const parser = createParser({
    maxBufferSize: longestEvent,
    onEvent({ event, id, data }) {
      const position = id === undefined || id === '' ? undefined : Number(id)
      received.push({ event: { type: event, data: JSON.parse(data) } as Event, position })
    },
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') throw error
    },
  })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { done, value } = await within(
        reader.read(),
        silenceMs,
        `The stream was silent for ${silenceMs} ms`,
      )
      if (done) return
      parser.feed(value)
      yield* received.splice(0)
    }
  } catch (error) {
    if (error instanceof ConnectionError) throw error
    throw new ConnectionError(`The stream broke off: ${(error as Error).message}`, { cause: error })
  } finally {
    // The response ends with its request's signal; a reader that has failed says so a second time here.
    reader.cancel().catch(() => {})
  }
}

import type { ClaudeCodeClient, SessionEvent } from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { Answers } from './answers.ts'
import { EventWriter } from './event-writer.ts'
import type { RunInput } from './input.ts'
import type { AgUiEvent } from './protocol.ts'
import { writeTurns } from './run.ts'
import { beginRun, writeIgnored } from './run-events.ts'
import { findThread, sessionOf, type Thread } from './thread.ts'

/** Events that are applied at once; each time, the list of messages is copied. */
const pageLength = 500

/** Finds the thread to show; undefined: it has no session, so it is empty. */
export function findConnected(
  client: ClaudeCodeClient,
  exchange: DoorExchange,
  { threadId }: RunInput,
): Promise<Thread | undefined> {
  return findThread(sessionOf(client, exchange, threadId))
}

/** Writes a thread: a snapshot of its messages, then the turns that have not ended. */
export async function* writeThread(
  input: RunInput,
  thread: Thread | undefined,
  signal: AbortSignal,
): AsyncGenerator<AgUiEvent> {
  const { threadId, runId } = input
  yield beginRun(input)
  yield* writeIgnored([...input.ignored, ...(input.resume.length > 0 ? ['resume'] : [])])
  const writer = new EventWriter([])
  if (thread) await readLog(thread, writer, signal)
  yield* writer.writeAll()
  const turnIds = writer.openTurns
  if (thread && turnIds.length > 0) {
    const answers = new Answers({ ...input, messages: [], resume: [] })
    yield* writeTurns({ input, session: thread.session, turnIds, writer, answers }, signal)
  } else {
    yield { type: 'RUN_FINISHED', threadId, runId, outcome: { type: 'success' } }
  }
}

/** Reads the log page by page, so that it is never in memory as a whole. */
async function readLog({ session }: Thread, writer: EventWriter, signal: AbortSignal): Promise<void> {
  let page: SessionEvent[] = []
  for await (const event of session.follow({ signal })) {
    if (event.type === 'caught_up') break
    page.push(event)
    if (page.length < pageLength) continue
    writer.replay(page)
    page = []
  }
  writer.replay(page)
}

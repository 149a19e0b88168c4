import type { ClaudeCodeClient, SessionEvent } from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { Answers } from './answers.ts'
import type { RunInput } from './input.ts'
import { Narrator } from './narrator.ts'
import type { AgUiEvent } from './protocol.ts'
import { tellTurns } from './run.ts'
import { beginRun, tellIgnored } from './run-events.ts'
import { findThread, sessionOf, type Thread } from './thread.ts'

/** How many events of the log are applied at once: each time, the list of messages is copied. */
const pageLength = 500

/** A thread that a client wants to see; undefined: it has no session, and so no messages. */
export function findConnected(
  client: ClaudeCodeClient,
  exchange: DoorExchange,
  { threadId }: RunInput,
): Promise<Thread | undefined> {
  return findThread(sessionOf(client, exchange, threadId))
}

/** Tells a thread: all its messages at once, then the turns that have not ended. */
export async function* tellThread(
  input: RunInput,
  thread: Thread | undefined,
  signal: AbortSignal,
): AsyncGenerator<AgUiEvent> {
  const { threadId, runId } = input
  yield beginRun(input)
  yield* tellIgnored([...input.ignored, ...(input.resume.length > 0 ? ['resume'] : [])])
  const narrator = new Narrator([])
  if (thread) await readLog(thread, narrator, signal)
  yield* narrator.tellAll()
  const turnIds = narrator.openTurns
  if (thread && turnIds.length > 0) {
    const answers = new Answers({ ...input, messages: [], resume: [] })
    yield* tellTurns({ input, session: thread.session, turnIds, narrator, answers }, signal)
  } else {
    yield { type: 'RUN_FINISHED', threadId, runId, outcome: { type: 'success' } }
  }
}

/** Reads the log page by page: a whole one need not be in memory beside the conversation. */
async function readLog({ session }: Thread, narrator: Narrator, signal: AbortSignal): Promise<void> {
  let page: SessionEvent[] = []
  for await (const event of session.follow({ signal })) {
    if (event.type === 'caught_up') break
    page.push(event)
    if (page.length < pageLength) continue
    narrator.replay(page)
    page = []
  }
  narrator.replay(page)
}

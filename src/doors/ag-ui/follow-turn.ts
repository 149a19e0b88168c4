import { isTerminal, type OpenRequest, type SessionClient, type SessionEvent } from '../../client/index.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { Answers } from './answers.ts'
import type { EventWriter } from './event-writer.ts'
import type { AgUiEvent } from './protocol.ts'

/** The reason why a run stops following a turn. */
export type TurnEnd =
  | { kind: 'ended' }
  /** The session ended before the turn. */
  | { kind: 'gone' }
  | { kind: 'waiting'; requests: readonly OpenRequest[] }

/** How long a waiting turn must be silent before the run ends: parallel calls arrive together. */
const silenceMs = 100
const reconnects = 5

/** Writes a turn until it has ended or needs an answer of the client's next run. */
export async function* followTurn(
  session: SessionClient,
  turnId: string,
  writer: EventWriter,
  answers: Answers,
  signal: AbortSignal,
): AsyncGenerator<AgUiEvent, TurnEnd> {
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const options = { turnId, after: writer.start, includeDeltas: true, retries: reconnects }
  const following = session.follow({ ...options, signal: stop })
  const read = () => {
    const next = following.next()
    // It may fail before it is waited for.
    next.catch(() => {})
    return next
  }
  try {
    let isLive = false
    let next = read()
    for (;;) {
      const waiting = isLive ? await answerOrLeave(session, turnId, writer, answers) : []
      if (waiting.length > 0 && !(await settlesWithin(next, silenceMs))) {
        return { kind: 'waiting', requests: waiting }
      }
      const got = await next
      if (got.done) return { kind: 'gone' }
      const event: SessionEvent = got.value
      if (event.type === 'caught_up') isLive = true
      if (event.type === 'reconnected') isLive = false
      yield* writer.write(event)
      if (isTerminal(event.type)) return { kind: 'ended' }
      next = read()
    }
  } finally {
    over.abort()
    void following.return().catch(() => {})
  }
}

/** Sends the answers that the run has for the turn; returns the requests that are left open. */
async function answerOrLeave(
  session: SessionClient,
  turnId: string,
  writer: EventWriter,
  answers: Answers,
): Promise<OpenRequest[]> {
  const requests = writer.requests.filter(request => request.turnId === turnId)
  for (const request of requests) {
    const answer = answers.find(request)
    if (answer) await answers.send(session, request, answer)
  }
  return requests.filter(request => answers.leaves(request))
}

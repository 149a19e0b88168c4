import { isTerminal, type OpenRequest, type SessionClient, type SessionEvent } from '../../client/index.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { Answers } from './answers.ts'
import type { Narrator } from './narrator.ts'
import type { AgUiEvent } from './protocol.ts'

/** The end of what a run can tell of a turn. */
export type TurnEnd =
  | { kind: 'ended' }
  /** The session ended before the turn. */
  | { kind: 'gone' }
  | { kind: 'waiting'; requests: readonly OpenRequest[] }

/** How long a turn that waits for the client must be silent: calls that Claude makes at once come at once. */
const silenceMs = 100
const reconnects = 5

/** Tells a turn, until it has ended or needs what only the client's next run can bring. */
export async function* followTurn(
  session: SessionClient,
  turnId: string,
  narrator: Narrator,
  answers: Answers,
  signal: AbortSignal,
): AsyncGenerator<AgUiEvent, TurnEnd> {
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const options = { turnId, after: narrator.start, includeDeltas: true, retries: reconnects }
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
      const waiting = isLive ? await answerOrLeave(session, turnId, narrator, answers) : []
      if (waiting.length > 0 && !(await settlesWithin(next, silenceMs))) {
        return { kind: 'waiting', requests: waiting }
      }
      const got = await next
      if (got.done) return { kind: 'gone' }
      const event: SessionEvent = got.value
      if (event.type === 'caught_up') isLive = true
      if (event.type === 'reconnected') isLive = false
      yield* narrator.tell(event)
      if (isTerminal(event.type)) return { kind: 'ended' }
      next = read()
    }
  } finally {
    over.abort()
    void following.return().catch(() => {})
  }
}

/** Answers requests of the turn that the run has answers for; returns those that wait for others. */
async function answerOrLeave(
  session: SessionClient,
  turnId: string,
  narrator: Narrator,
  answers: Answers,
): Promise<OpenRequest[]> {
  const requests = narrator.requests.filter(request => request.turnId === turnId)
  for (const request of requests) {
    const answer = answers.find(request)
    if (answer) await answers.send(session, request, answer)
  }
  return requests.filter(request => answers.leaves(request))
}

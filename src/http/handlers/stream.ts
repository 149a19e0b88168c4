import { ServiceError } from '../../contract/errors.ts'
import { isTerminalEventType } from '../../contract/events.ts'
import { unlessAborted } from '../../lib/unless-aborted.ts'
import type { LogReader } from '../../sessions/log/log-item.ts'
import type { EventRecord } from '../../sessions/records.ts'
import type { Submission } from '../../sessions/turns/turn-request.ts'
import { toPublicError } from '../error-response.ts'
import type { Exchange, Handlers } from '../handler.ts'
import { submitTurn, TurnWatchers } from '../idempotency.ts'
import type { HttpDeps } from '../options.ts'
import type { SseStream } from '../sse-stream.ts'
import { toAnswer } from '../turn-outcome.ts'
import {
  sourceOf,
  toActivityFrame,
  toCompactFrame,
  toDeltaFrame,
  toEventFrame,
  toVoidedFrame,
} from '../wire.ts'

type StreamExchange = Exchange<'streamMessage'>

export function streamHandlers(deps: HttpDeps): Pick<Handlers, 'streamMessage'> {
  const watchers = new TurnWatchers()
  return {
    async streamMessage(exchange) {
      const { body, stop } = exchange
      const submission = await submitTurn(deps, exchange, {
        prompt: body.prompt,
        timeoutMs: body.timeout,
        onBusy: body.onBusy,
        commands: body.commands,
      })
      const { turn } = submission
      const after = exchange.arrival?.after ?? 0
      const reader = deps.service.followTurn(turn, {
        ...{ after, signal: stop },
        includeDeltas: body.includeDeltas,
      })
      const leave = watchers.enter(exchange, turn)
      return { stream: sse => streamTurn(deps, exchange, submission, reader, leave, sse) }
    },
  }
}

/** Ensures that a connected client gets exactly one `complete` or `error`, as the last event. */
async function streamTurn(
  deps: HttpDeps,
  exchange: StreamExchange,
  { turn, ended }: Submission,
  reader: LogReader,
  leave: () => boolean,
  sse: SseStream,
): Promise<void> {
  const { caller, params, body, clientGone, stop, log } = exchange
  const ids = { sessionId: params.sessionId, turnId: turn.id }
  let lastSequence: number | undefined
  reader.overflow.addEventListener('abort', () => sse.cut())
  try {
    await sse.send({ event: 'connected', data: ids })
    const toFrameOf = body.view === 'compact' ? toCompactFrame : toEventFrame
    lastSequence = await forward(reader, event => toFrameOf(event, deps.service.messages), sse)
    // Without a final event the stream was disconnected; the missed part is in the session's events.
    if (reader.overflow.aborted) return sse.cut()
    if (lastSequence === undefined && stop.aborted) throw calledOff(stop)
    // Otherwise the turn is over, even if retention has removed its last event.
    const end = await unlessAborted(ended, stop)
    lastSequence ??= end.turn.lastSequence ?? 0
    const { messageId: _, response, ...rest } = toAnswer(end.turn, end.claudeSessionId)
    await sse.send({ event: 'complete', id: lastSequence, data: { summary: response, ...rest } })
  } catch (error) {
    if (!(error instanceof ServiceError)) log.error({ err: error, turnId: turn.id }, 'stream failed')
    const { message, ...rest } = toPublicError(error, 'sendMessage')
    exchange.facts.errorCode = rest.code
    await sse.send({
      event: 'error',
      ...(lastSequence !== undefined && { id: lastSequence }),
      data: { error: message, ...rest, turnId: turn.id },
    })
  } finally {
    // A slow reader that was disconnected has not left, so its turn continues.
    const left = clientGone.aborted && lastSequence === undefined && !reader.overflow.aborted
    if (leave() && left && body.onDisconnect === 'interrupt') {
      log.info({ turnId: turn.id }, 'client disconnected; interrupting its turn')
      await deps.service.interrupt(caller, ids.sessionId, { turnId: turn.id, clearQueue: false })
    }
  }
}

/** A key that is no longer valid, or the end of the server. */
function calledOff({ reason }: AbortSignal): ServiceError {
  return reason instanceof ServiceError ? reason : shuttingDown()
}

function shuttingDown(): ServiceError<'SHUTTING_DOWN'> {
  return new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
}

/** The events that a turn's stream sends: messages and permission requests, so that its client can answer them. */
function isForStream(event: EventRecord): boolean {
  if (event.type === 'message') return sourceOf(event) === 'sdk'
  return event.type === 'permission.requested' || event.type === 'permission.resolved'
}

/** Sends the turn's events. Returns the sequence of the last one, once there is one. */
async function forward(
  reader: LogReader,
  toFrame: (event: EventRecord) => Buffer,
  sse: SseStream,
): Promise<number | undefined> {
  for await (const item of reader) {
    if (item.kind === 'closing') throw shuttingDown()
    if (sse.closed.aborted) return undefined
    if (item.kind === 'delta') await sse.send(toDeltaFrame(item.delta))
    if (item.kind === 'delta.voided') await sse.send(toVoidedFrame(item.voided))
    if (item.kind === 'activity') await sse.send(toActivityFrame(item.activity))
    if (item.kind !== 'event') continue
    const { event } = item
    if (isTerminalEventType(event.type)) return event.sequence
    if (isForStream(event)) await sse.send(toFrame(event))
  }
  return undefined
}

import { ServiceError } from '../../contract/errors.ts'
import { isTerminalEventType } from '../../contract/events.ts'
import type { TurnRecord } from '../../sessions/records.ts'
import type { LogReader } from '../../sessions/session-service.ts'
import { toPublicError } from '../error-response.ts'
import type { Exchange, Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import type { SseStream } from '../sse-stream.ts'
import { toAnswer } from '../turn-outcome.ts'
import { messageOf, toEventJson } from '../wire.ts'

type StreamExchange = Exchange<'streamMessage'>

export function streamHandlers(deps: HttpDeps): Pick<Handlers, 'streamMessage'> {
  return {
    async streamMessage(exchange) {
      const { caller, params, body, stop } = exchange
      const turn = await deps.service.submitTurn(caller, params.sessionId, {
        prompt: body.prompt,
        timeoutMs: body.timeout,
        onBusy: body.onBusy,
      })
      const reader = await deps.service.follow(caller, params.sessionId, {
        // Its first event may have been written before this line runs.
        after: turn.firstSequence === null ? 0 : turn.firstSequence - 1,
        turnId: turn.id,
        includeDeltas: body.includeDeltas,
        signal: stop,
      })
      return { stream: sse => streamTurn(deps, exchange, turn, reader, sse) }
    },
  }
}

/** Whatever happens, the client that is still there gets one `complete` or one `error`, and nothing after it. */
async function streamTurn(
  deps: HttpDeps,
  exchange: StreamExchange,
  turn: TurnRecord,
  reader: LogReader,
  sse: SseStream,
): Promise<void> {
  const { caller, params, body, clientGone, log } = exchange
  const ids = { sessionId: params.sessionId, turnId: turn.id }
  let lastSequence: number | undefined
  try {
    await sse.send({ event: 'connected', data: ids })
    lastSequence = await forward(reader, sse)
    // A transport without a last word was cut: what the client missed is in the session's events.
    if (lastSequence === undefined && reader.overflowed) return
    if (lastSequence === undefined) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    const ended = await deps.service.getTurn(caller, ids.sessionId, ids.turnId)
    const { session } = await deps.service.get(caller, ids.sessionId)
    const { messageId: _, response, ...rest } = toAnswer(ended, session.claudeSessionId)
    await sse.send({ event: 'complete', id: lastSequence, data: { summary: response, ...rest } })
  } catch (error) {
    if (!(error instanceof ServiceError)) log.error({ err: error, turnId: turn.id }, 'a stream broke off')
    const { code, message, details } = toPublicError(error, 'sendMessage')
    await sse.send({
      event: 'error',
      ...(lastSequence !== undefined && { id: lastSequence }),
      data: { error: message, code, ...(details && { details }), turnId: turn.id },
    })
  } finally {
    if (clientGone.aborted && lastSequence === undefined && body.onDisconnect === 'interrupt') {
      log.info({ turnId: turn.id }, 'the client is gone; its turn is interrupted')
      await deps.service.interrupt(caller, ids.sessionId, { turnId: turn.id, clearQueue: false })
    }
  }
}

/** Sends what Claude says. Returns the sequence of the turn's last event, once there is one. */
async function forward(reader: LogReader, sse: SseStream): Promise<number | undefined> {
  for await (const item of reader) {
    if (item.kind === 'closing' || sse.closed.aborted) return undefined
    if (item.kind === 'delta') await sse.send({ event: 'delta', data: item.delta })
    if (item.kind !== 'event') continue
    const { event } = item
    if (isTerminalEventType(event.type)) return event.sequence
    if (event.type === 'message' && messageOf(event).source === 'sdk') {
      await sse.send({ event: 'message', id: event.sequence, json: toEventJson(event) })
    }
  }
  return undefined
}

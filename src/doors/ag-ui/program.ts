import { ApiError, type SessionClient } from '../../client/index.ts'
import { type DoorExchange, type DoorProblem, type DoorProgram, hasLeft } from '../../contract/doors.ts'
import { ServiceError } from '../../contract/errors.ts'
import { openClient, toOwnError } from './api.ts'
import { toFormBefore1 } from './before-1.ts'
import { capabilities } from './capabilities.ts'
import { findConnected, writeThread } from './connect.ts'
import { toEventStream } from './event-stream.ts'
import { type RunInput, readInput } from './input.ts'
import type { operations } from './operations.ts'
import type { AgUiEvent } from './protocol.ts'
import { acceptRun, writeRun } from './run.ts'

export const program: DoorProgram<keyof typeof operations> = {
  async answer(id, exchange) {
    try {
      switch (id) {
        case 'run':
          return await answerRun(exchange)
        case 'connect':
          return await answerConnect(exchange)
        case 'getCapabilities':
          return Response.json(capabilities)
      }
    } catch (error) {
      throw toOwnError(error)
    }
  },
  refuse: ({ status, requestId, code, message, details, retryable, retry }: DoorProblem) =>
    Response.json({ error: { code, message, details, retryable, retry }, requestId }, { status }),
}

async function answerRun(exchange: DoorExchange): Promise<Response> {
  const input = await readInput(exchange.request)
  const run = await acceptRun(openClient(exchange), exchange, input)
  const interrupts = input.props.onDisconnect === 'interrupt'
  return stream(
    exchange,
    input,
    signal => writeRun(run, signal),
    () => (interrupts ? interrupt(run.session, run.ownTurnIds) : Promise.resolve()),
  )
}

async function answerConnect(exchange: DoorExchange): Promise<Response> {
  const input = await readInput(exchange.request)
  const thread = await findConnected(openClient(exchange), exchange, input)
  return stream(
    exchange,
    input,
    signal => writeThread(input, thread, signal),
    () => Promise.resolve(),
  )
}

/** @param onLeft is called if the client disconnects before the end */
function stream(
  exchange: DoorExchange,
  { protocolVersion }: RunInput,
  write: (signal: AbortSignal) => AsyncGenerator<AgUiEvent>,
  onLeft: () => Promise<void>,
): Response {
  const { signal } = exchange.request
  const events = async function* (): AsyncGenerator<AgUiEvent, void> {
    let isOver = false
    try {
      for await (const event of write(signal)) {
        yield protocolVersion === undefined ? toFormBefore1(event) : event
      }
      isOver = true
    } catch (error) {
      if (hasLeft(signal)) return
      isOver = true
      yield toRunError(error, exchange)
    } finally {
      // A reader that stops without a signal has disconnected as well.
      const isGone = !signal.aborted || hasLeft(signal)
      if (!isOver && isGone) await onLeft().catch(error => exchange.logFault(toOwnError(error)))
    }
  }
  return toEventStream(events())
}

function toRunError(error: unknown, { request, requestId, logFault }: DoorExchange): AgUiEvent {
  // A shutdown breaks the connections to the API too.
  if (request.signal.aborted && !(error instanceof ApiError)) {
    return { type: 'RUN_ERROR', code: 'SHUTTING_DOWN', message: 'The server is shutting down' }
  }
  const own = toOwnError(error)
  if (own instanceof ServiceError) return { type: 'RUN_ERROR', code: own.code, message: own.message }
  logFault(error)
  return {
    type: 'RUN_ERROR',
    code: 'INTERNAL',
    message: `Unexpected error; see the server's log for ${requestId}`,
  }
}

async function interrupt(session: SessionClient, turnIds: readonly string[]): Promise<void> {
  // From the end: interrupting a running turn would start the next one.
  for (const turnId of turnIds.toReversed()) await session.interrupt({ turnId })
}

import { z } from 'zod'
import { isApiError, type Turn } from '../../client/index.ts'
import { readAnswer } from './answer-reader.ts'
import type { Context } from './common-request.ts'
import { followAnswer, isData, toStream } from './follow-answer.ts'
import { decodeCursor, type ResponseCursor } from './ids.ts'
import { withAgent } from './models.ts'
import type { Piece } from './pieces.ts'
import { Problem, toShown } from './problem.ts'
import { read } from './reading.ts'
import { ResponseEvents } from './response-events.ts'
import { responsePrefix, toResponseObject } from './response-object.ts'
import { readResponsesRequest } from './responses-request.ts'
import { startTurn } from './start-turn.ts'

type Json = Record<string, unknown>

export async function createResponse(context: Context, body: unknown, headers: Headers): Promise<Response> {
  const request = await withAgent(context, readResponsesRequest(body, headers))
  const { isStream, isBackground, previousResponseId } = request
  const previous =
    previousResponseId === undefined ? undefined : readCursor(previousResponseId, 'previous_response_id')
  const started = await named(previousResponseId, 'previous_response_id', () =>
    startTurn(context, request, { previous, isBackground, field: 'input' }),
  )
  const { cursor, stored, turn } = started
  const fields = { cursor, turn, session: stored, previousResponseId: previousResponseId ?? null }
  const events = new ResponseEvents(toResponseObject(fields), cursor)
  const sent = { 'x-session-id': cursor.sessionId }
  if (isBackground && !isStream) {
    return Response.json(toUnfinished(events, turn), { headers: sent })
  }
  const pieces = followAnswer(context, request, started, { isStream, textOf: () => events.text })
  if (isStream) return streamEvents(context, events, pieces, -1, sent)
  let last: Json = {}
  for await (const piece of pieces) {
    if (piece.type === 'over' && piece.ending.status === 'failed' && piece.ending.problem)
      throw piece.ending.problem
    for (const { response } of events.add(piece)) last = response as Json
  }
  return Response.json(last, { headers: sent })
}

export async function getResponse(context: Context, id: string, query: URLSearchParams): Promise<Response> {
  const { isStream, after } = readQuery(query)
  const { turn, ...found } = await findResponse(context, id)
  if (!isStream) return showResponse(context, { ...found, turn }, turn)
  const { session, cursor, isData, events } = found
  const { signal } = context
  const pieces = readAnswer(session, cursor, { isData, from: 0, includeDeltas: true, signal })
  return streamEvents(context, events, pieces, after, { 'x-session-id': session.id })
}

export async function cancelResponse(context: Context, id: string): Promise<Response> {
  const found = await findResponse(context, id)
  const { session, turn } = found
  if (!['queued', 'running', 'requires_action'].includes(turn.status)) {
    return showResponse(context, found, turn)
  }
  await session.interrupt({ turnId: turn.turnId }, { signal: context.signal })
  return showResponse(context, found)
}

type FoundResponse = Awaited<ReturnType<typeof findResponse>>

async function findResponse(context: Context, id: string) {
  const cursor = readCursor(id, 'response_id')
  const session = context.client.session(cursor.sessionId)
  const { signal } = context
  const [stored, turn] = await named(id, 'response_id', () =>
    Promise.all([session.get({ signal }), session.getTurn(cursor.turnId, { signal })]),
  )
  const fields = { cursor, turn, session: stored, previousResponseId: null }
  const events = new ResponseEvents(toResponseObject(fields), cursor)
  return { cursor, session, turn, events, isData: isData(stored) }
}

/** @param snapshotOf undefined: the response is waited for */
async function showResponse(
  { signal }: Context,
  { session, cursor, turn, isData, events }: FoundResponse,
  snapshotOf?: Turn,
): Promise<Response> {
  const headers = { 'x-session-id': session.id }
  const options = { isData, from: 0, includeDeltas: false, signal, snapshotOf }
  for await (const piece of readAnswer(session, cursor, options)) {
    const made = events.add(piece)
    if (piece.type === 'over') return Response.json(made[0]?.response, { headers })
  }
  return Response.json(toUnfinished(events, turn), { headers })
}

function toUnfinished({ response }: ResponseEvents, { status }: Turn): Json {
  return { ...response, status: status === 'queued' ? 'queued' : 'in_progress' }
}

/** @param after the number of the last event that the client has */
function streamEvents(
  context: Context,
  events: ResponseEvents,
  pieces: AsyncGenerator<Piece, void>,
  after: number,
  headers: Record<string, string>,
): Response {
  async function* frames() {
    for (const event of events.begin()) if (numberOf(event) > after) yield toFrame(event)
    for await (const piece of pieces) {
      for (const event of events.add(piece)) {
        // The log has less than was sent live of a turn that broke off: its end must be told all the same.
        if (piece.type === 'over' && numberOf(event) <= after)
          yield toFrame({ ...event, sequence_number: after + 1 })
        else if (numberOf(event) > after) yield toFrame(event)
      }
    }
  }
  return toStream(context, frames(), headers, ({ body }) =>
    toFrame({ ...body, type: 'error', error: body, sequence_number: events.nextNumber }),
  )
}

function readQuery(query: URLSearchParams): { isStream: boolean; after: number } {
  const isStream = read(z.enum(['true', 'false']).optional(), query.get('stream') ?? undefined, 'stream')
  const after = read(
    z
      .string()
      .regex(/^\d{1,15}$/, 'must be a number of at most 15 digits')
      .optional(),
    query.get('starting_after') ?? undefined,
    'starting_after',
  )
  return { isStream: isStream === 'true', after: after === undefined ? -1 : Number(after) }
}

function readCursor(id: string, param: string): ResponseCursor {
  return decodeCursor(responsePrefix, id) ?? refuseId(id, param)
}

/** Tells that there is no such response where the session or its turn is not found. */
async function named<T>(id: string | undefined, param: string, get: () => Promise<T>): Promise<T> {
  try {
    return await get()
  } catch (error) {
    if (id !== undefined && isApiError(error, 'SESSION_NOT_FOUND', 'TURN_NOT_FOUND')) {
      refuseId(id, param)
    }
    throw error
  }
}

function refuseId(id: string, param: string): never {
  throw new Problem(404, {
    message: `Response with id ${JSON.stringify(toShown(id))} not found`,
    param,
    code: 'response_not_found',
  })
}

function numberOf(event: Json): number {
  return event.sequence_number as number
}

function toFrame(event: Json): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { OperationId } from '../contract/operations.ts'
import type { TurnRecord } from '../sessions/records.ts'
import type { IdempotencyKey } from '../sessions/turns/idempotency.ts'
import type { Submission, TurnRequest } from '../sessions/turns/turn-request.ts'
import type { Exchange } from './handler.ts'
import type { HttpDeps } from './options.ts'

type RetryExchange = Exchange<'retryTurn'>
type TurnExchange = Exchange<'sendMessage'> | Exchange<'streamMessage'> | RetryExchange

/**
 * Returns the key of a validated request, with a hash of the request. The body is hashed as it was sent, except for the
 * order of its fields, so that a default added by a later version does not change the hash.
 */
export function toIdempotencyKey(
  id: OperationId,
  { params, headers }: { params: object; headers: object },
  req: Request,
): IdempotencyKey | undefined {
  const { 'Idempotency-Key': key } = headers as { 'Idempotency-Key'?: string }
  if (key === undefined) return undefined
  const text = JSON.stringify([id, params, req.body ?? {}], sortFields)
  return { key, fingerprint: createHash('sha256').update(text).digest('hex') }
}

/** Submits the turn, or finds the turn of the first request with this key. */
export async function submitTurn(
  { service }: HttpDeps,
  { caller, params, idempotency, arrival, markReplayed, facts }: TurnExchange,
  request: TurnRequest,
): Promise<Submission> {
  const { turnId: id, isRepeated: mayExist = false } = arrival ?? {}
  const submission = await service.submit(
    caller,
    params.sessionId,
    { ...request, ...(id !== undefined && { id }) },
    { key: idempotency, mayExist },
  )
  facts.turnId = submission.turn.id
  if (submission.replayed) markReplayed()
  return submission
}

/** Retries the turn, or finds the turn of the first request with this key. */
export async function retryTurn(
  { service: { branching } }: HttpDeps,
  { caller, params, body, idempotency, markReplayed, facts }: RetryExchange,
): Promise<Submission> {
  const { sessionId, turnId } = params
  const request = { turnId, timeoutMs: body.timeout }
  const submission = await branching.retry(caller, sessionId, request, { key: idempotency })
  facts.turnId = submission.turn.id
  if (submission.replayed) markReplayed()
  return submission
}

/**
 * Counts the requests that wait for a turn under one key: a request and its retries. A client may reconnect before the
 * server notices that the old connection is gone, so only the last one to leave may interrupt the turn.
 */
export class TurnWatchers {
  readonly #counts = new Map<string, number>()

  /** @returns a function to call on leaving; it returns whether no request is left. Without a key there is only one. */
  enter({ idempotency }: TurnExchange, { id }: TurnRecord): () => boolean {
    if (!idempotency) return () => true
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
    return () => {
      const left = (this.#counts.get(id) ?? 1) - 1
      if (left === 0) this.#counts.delete(id)
      else this.#counts.set(id, left)
      return left === 0
    }
  }
}

function sortFields(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

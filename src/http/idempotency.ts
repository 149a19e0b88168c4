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
 * The key of a request that has passed validation, with a hash of what it asks for. The body is taken as it was
 * sent, apart from the order of its fields: a default that a later version adds must not make it another one.
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

/** Submits the turn, or finds the one that the first request with this key has led to. */
export async function submitTurn(
  { service }: HttpDeps,
  { caller, params, idempotency, markReplayed }: TurnExchange,
  request: TurnRequest,
): Promise<Submission> {
  const submission = await service.submit(caller, params.sessionId, request, { key: idempotency })
  if (submission.replayed) markReplayed()
  return submission
}

/** Retries the turn, or finds the one that the first request with this key has led to. */
export async function retryTurn(
  { service: { branching } }: HttpDeps,
  { caller, params, body, idempotency, markReplayed }: RetryExchange,
): Promise<Submission> {
  const { sessionId, turnId } = params
  const request = { turnId, timeoutMs: body.timeout }
  const submission = await branching.retry(caller, sessionId, request, { key: idempotency })
  if (submission.replayed) markReplayed()
  return submission
}

/**
 * Who waits for a turn under one key: a request and its repetitions. A client whose connection broke comes back
 * before the server sees that the old one is gone; so only the last to leave may stop the turn.
 */
export class TurnWatchers {
  readonly #counts = new Map<string, number>()

  /** @returns to be called on leaving: says whether nobody is left. A request without a key is always alone. */
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

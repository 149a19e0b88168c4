import { RequestError } from '@agentclientprotocol/sdk'
import { ApiError, ConnectionError, type ErrorCode } from '../../client/index.ts'

const authRequired = -32_000
const notFound = -32_002
const invalidParams = -32_602
const internal = -32_603

/** Statuses of requests that are wrong in themselves. */
const wrong = new Set([400, 409, 410, 413, 415, 422])

/** The code of JSON-RPC for an error of the API. */
export function codeOf(code: ErrorCode, status: number | null): number {
  if (code === 'MISSING_API_KEY' || code === 'INVALID_API_KEY') return authRequired
  if (status === 404) return notFound
  return status !== null && (wrong.has(status) || status === 403) ? invalidParams : internal
}

/** The error that the client is sent in place of a result. */
export function toRequestError(error: unknown): unknown {
  if (error instanceof ApiError) {
    const { code, status, message, details, retry, requestId } = error
    return new RequestError(codeOf(code, status), message, { code, details, retry, requestId })
  }
  if (error instanceof ConnectionError) {
    return new RequestError(internal, `The server cannot be reached: ${error.message}`, {
      code: 'UNREACHABLE',
    })
  }
  return error
}

/** Names the field of the request that cannot be taken. */
export function invalid(field: string, problem: string): RequestError {
  return new RequestError(invalidParams, `${field}: ${problem}`, { field })
}

/** @throws RequestError if a text is longer */
export function checkLength(field: string, text: string | null | undefined, longest: number): void {
  if (text && text.length > longest) throw invalid(field, `must have at most ${longest} characters`)
}

/** The error of a request that ends without its result; says why. */
export function cancelled(reason: string): RequestError {
  return RequestError.requestCancelled(undefined, reason)
}

/** Whether it is for the log: the API has logged its own faults, and refusals and errors of the client are not faults. */
export function isFault(error: unknown): boolean {
  return !(error instanceof ApiError || error instanceof RequestError)
}

/** Unexpected faults are logged, and the client is told no more than that. */
export async function answering<T>(work: () => Promise<T>, logFault: (error: unknown) => void): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const shown = toRequestError(error)
    if (shown instanceof RequestError || (error as Error)?.name === 'AbortError') throw shown
    logFault(error)
    throw new RequestError(internal, 'The server failed unexpectedly')
  }
}

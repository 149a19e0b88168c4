import type { ErrorResponse } from './generated-api.ts'

/** The codes of the API, and `UNEXPECTED_RESPONSE` for answers that are not the API's, such as a proxy's page. */
export type ErrorCode = ErrorResponse['error']['code'] | 'UNEXPECTED_RESPONSE'
export type RetryAdvice = ErrorResponse['error']['retry']

interface ApiErrorFields {
  code: ErrorCode
  /** The HTTP status; null for a turn that failed after its request was accepted. */
  status: number | null
  details?: Record<string, unknown> | undefined
  retryable: boolean
  retry: RetryAdvice
  requestId?: string | undefined
  retryAfterMs?: number | undefined
}

/** An error that the server reported. Programs read `code` and `details`; the message is for people. */
export class ApiError extends Error {
  readonly code: ErrorCode
  readonly status: number | null
  readonly details: Readonly<Record<string, unknown>>
  /** Whether the same request can succeed later. */
  readonly retryable: boolean
  readonly retry: RetryAdvice
  /** The id under which the server's log has the request. */
  readonly requestId: string | undefined
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, fields: ApiErrorFields, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ApiError'
    this.code = fields.code
    this.status = fields.status
    this.details = fields.details ?? {}
    this.retryable = fields.retryable
    this.retry = fields.retry
    this.requestId = fields.requestId
    this.retryAfterMs = fields.retryAfterMs
  }
}

/** Whether it is an error of the API with one of these codes. */
export function isApiError(error: unknown, ...codes: readonly ErrorCode[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.code)
}

/** The server was not reached, or the connection broke before the response was complete. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ConnectionError'
  }
}

/** Statuses by which proxies say that the server may be back soon. */
const passing = new Set([408, 429, 500, 502, 503, 504])

/** Reads the error of a response. */
export async function readError(response: Response): Promise<ApiError> {
  const { status, headers } = response
  const requestId = headers.get('x-request-id') ?? undefined
  const retryAfterMs = readRetryAfter(headers.get('retry-after'))
  const found = asErrorResponse(await response.json().catch(() => undefined))
  if (found) {
    const { code, message, details, retryable, retry } = found.error
    const fields = { code, status, details, retryable, retry, requestId: found.requestId, retryAfterMs }
    return new ApiError(message, fields)
  }
  const retryable = passing.has(status)
  return new ApiError(`The response with status ${status} is not one of the API`, {
    code: 'UNEXPECTED_RESPONSE',
    status,
    retryable,
    retry: retryable ? 'same_key' : 'never',
    requestId,
    retryAfterMs,
  })
}

function asErrorResponse(body: unknown): ErrorResponse | undefined {
  const { error } = (body ?? {}) as Partial<ErrorResponse>
  return typeof error?.code === 'string' ? (body as ErrorResponse) : undefined
}

/** Seconds, or a date (RFC 9110). */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

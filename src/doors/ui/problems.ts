import { ApiError, ConnectionError } from '../../client/index.ts'
import type { DoorProblem } from '../../contract/doors.ts'
import { invalidRequest, type RequestIssue, ServiceError } from '../../contract/errors.ts'

/** An error of the client's request that this door finds itself. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(message: string, status = 400, code = 'INVALID_REQUEST') {
    super(message)
    this.status = status
    this.code = code
  }
}

type Shown = Pick<DoorProblem, 'status' | 'message'> & { code: string; retryAfterMs?: number | undefined }

/** Returns an error as its text alone: the client makes the message of its error of it, which pages show to people. */
export function toErrorResponse({ status, code, message, retryAfterMs }: Shown): Response {
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    ...(retryAfterMs !== undefined && { 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) }),
  }
  return new Response(toErrorText({ code, message }), { status, headers })
}

export function toErrorText({ code, message }: { code: string; message: string }): string {
  return `${message} (${code})`
}

/** The error as the client is shown it; undefined: it is a fault. */
export function findProblem(error: unknown): Shown | undefined {
  if (error instanceof Refusal) return error
  if (error instanceof ApiError) {
    const { status, code, message, retryAfterMs } = error
    return { status: status ?? 500, code, message, retryAfterMs }
  }
  if (error instanceof ConnectionError) {
    return { status: 503, code: 'NODE_UNAVAILABLE', message: 'The API did not answer' }
  }
  return undefined
}

type ToPath = (field: string) => string

/** Names the fields of the client's request in an error of the API, in place of the API's fields. */
export async function naming<T>(result: Promise<T>, toPath: ToPath): Promise<T> {
  try {
    return await result
  } catch (error) {
    throw rename(error, toPath)
  }
}

/** As `naming`, of a check that the API will make as well. */
export function checkNaming(check: () => void, toPath: ToPath): void {
  try {
    check()
  } catch (error) {
    throw rename(error, toPath)
  }
}

function rename(error: unknown, toApiPath: ToPath): unknown {
  if (!(error instanceof ApiError || error instanceof ServiceError)) return error
  const toPath: ToPath = field => toApiPath(field).replace(/\[(\d+)\]/g, '.$1')
  const { code, message } = error
  const details = (error.details ?? {}) as Record<string, unknown>
  if (code === 'PAYLOAD_TOO_LARGE') {
    return new Refusal(message.replace(/^prompt\[\d+\]\S*/, toPath), 413, code)
  }
  const issues = (details.issues ?? []) as RequestIssue[]
  if (code !== 'INVALID_REQUEST' || issues.length === 0) return error
  const renamed = issues.map(issue => ({ ...issue, path: toPath(issue.path) }))
  const total = issues.length + Number(details.omittedIssues ?? 0)
  return new Refusal(invalidRequest(renamed, total).message)
}

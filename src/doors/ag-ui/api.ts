import { ApiError, ClaudeCodeClient, ConnectionError } from '../../client/index.ts'
import { apiBase, type DoorExchange } from '../../contract/doors.ts'
import {
  type ErrorCode,
  errorCatalogue,
  invalidRequest,
  type RequestIssue,
  ServiceError,
} from '../../contract/errors.ts'

/** Opens a client of the API in the name of the caller, who sees and retries errors. */
export function openClient({ fetch }: DoorExchange): ClaudeCodeClient {
  return new ClaudeCodeClient({ baseUrl: apiBase, fetch, retries: 0 })
}

/** Fields of the API, and the fields of a run that they come from. */
const fieldNames: [RegExp, string][] = [
  [/\bclientTools\b/g, 'tools'],
  [/\bappendSystemPrompt\b/g, 'messages'],
  // Parts of single messages are checked before.
  [/(?<=^|; )prompt(\[\d+\][\w.]*)?(?=:|$)/g, 'messages'],
  [/\binputSchema\b/g, 'parameters'],
  [/\b(?<!\.)(preset|model|permissionMode)(?=:|$)/g, 'forwardedProps.$1'],
]

/** Returns an error of the API as this server's own, with the names of the caller's fields. */
export function toOwnError(error: unknown): unknown {
  if (error instanceof ConnectionError) return new ServiceError('NODE_UNAVAILABLE', error.message)
  if (!(error instanceof ApiError || error instanceof ServiceError)) return error
  if (!(error.code in errorCatalogue)) return error
  const code = error.code as ErrorCode
  if (code !== 'INVALID_REQUEST') return new ServiceError(code, error.message, error.details as never)
  const { issues = [] } = error.details as { issues?: RequestIssue[] }
  return new ServiceError(code, inCallersWords(error.message), {
    ...error.details,
    issues: issues.map(({ path, message }) => ({ path: inCallersWords(path), message })),
  })
}

/** Returns an error of the API's checks with the fields of the caller. */
export function withFields(error: unknown, toField: (field: string) => string): unknown {
  if (!(error instanceof ServiceError)) return error
  if (error.code === 'PAYLOAD_TOO_LARGE') {
    return new ServiceError(error.code, error.message.replace(/^\S+/, toField), error.details)
  }
  const { issues = [], omittedIssues = 0 } = error.details as {
    issues?: RequestIssue[]
    omittedIssues?: number
  }
  if (error.code !== 'INVALID_REQUEST') return error
  return invalidRequest(
    issues.map(({ path, message }) => ({ path: toField(path), message })),
    issues.length + omittedIssues,
  )
}

function inCallersWords(text: string): string {
  return fieldNames.reduce((words, [own, theirs]) => words.replace(own, theirs), text)
}

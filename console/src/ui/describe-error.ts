import { ApiError, ConnectionError } from '../../../src/client/index.ts'
import { nameOfMode } from '../lib/mode-names.ts'
import { describeIssue } from './describe-issue.ts'

/** The event, and the next step. */
export interface DescribedError {
  title: string
  advice: string | null
}

/** An error for people. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof ConnectionError) {
    return { title: 'The server cannot be reached', advice: 'Check your connection, then try again.' }
  }
  if (error instanceof DOMException) return { title: error.message, advice: null }
  if (!(error instanceof ApiError)) {
    return { title: 'The page made a mistake', advice: 'Reload it. If this comes again, report it.' }
  }
  return describeKnown(error) ?? { title: error.message, advice: adviceFor(error) }
}

/** Errors whose message names fields of the API, in the words of the page. */
function describeKnown({ code, details }: ApiError): DescribedError | null {
  const { permissionMode, issues } = details
  if (code === 'PERMISSION_MODE_NOT_ALLOWED' && typeof permissionMode === 'string') {
    const title = `“${nameOfMode(permissionMode)}” is off on this server`
    return { title, advice: "Choose other permissions, or ask the server's owner to allow this." }
  }
  if (!Array.isArray(issues) || issues.length === 0) return null
  return { title: 'The server did not accept this', advice: issues.map(describeIssue).join('; ') }
}

function adviceFor({ code, retryable, retryAfterMs }: ApiError): string | null {
  if (code === 'SCOPE_REQUIRED') return 'Log in with a key that may do this.'
  if (retryAfterMs) return `Try again in ${Math.ceil(retryAfterMs / 1000)} s.`
  return retryable ? 'Try again.' : null
}

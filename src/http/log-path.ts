import { operations } from '../contract/operations.ts'

/** `session` is the console's own. */
const knownWords = new Set(['session', ...Object.values(operations).flatMap(({ path }) => path.split('/'))])
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * Reduces a path to what may be logged: words of the operation table and UUIDs. Anything else becomes `*`, because it
 * may be a key or another secret in the wrong place.
 */
export function toLoggedPath(path: string): string {
  return path
    .split('/')
    .map(segment => (knownWords.has(segment) || uuid.test(segment) ? segment : '*'))
    .join('/')
}

/** Whether an id from a request may be logged. */
export function isLoggableId(text: string | undefined): text is string {
  return text !== undefined && uuid.test(text)
}

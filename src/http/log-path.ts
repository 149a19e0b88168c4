import { operations } from '../contract/operations.ts'

const knownWords = new Set(Object.values(operations).flatMap(({ path }) => path.split('/')))
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * A path as the log may have it: words of the operation table and UUIDs. Anything else becomes `*`, since it may be
 * a key or another secret that was put into the wrong place.
 */
export function toLoggedPath(path: string): string {
  return path
    .split('/')
    .map(segment => (knownWords.has(segment) || uuid.test(segment) ? segment : '*'))
    .join('/')
}

import type { BigIntStats } from 'node:fs'
import { ServiceError } from '../../contract/errors.ts'
import type { Precondition } from '../../sessions/ports/index.ts'
import { toTag } from './file-version.ts'

/**
 * @param stats the current state of the file; undefined: it does not exist
 * @throws ServiceError `PRECONDITION_FAILED`
 */
export function requirePrecondition(
  { match, noneMatch }: Precondition,
  stats: BigIntStats | undefined,
  path: string,
): void {
  const tag = stats && toTag(stats)
  if (match !== undefined && !names(match, tag)) {
    const message = stats ? 'has an ETag other than those in the request' : 'does not exist'
    throw new ServiceError('PRECONDITION_FAILED', `${JSON.stringify(path)} ${message}`)
  }
  if (noneMatch !== undefined && names(noneMatch, tag)) {
    throw new ServiceError('PRECONDITION_FAILED', `${JSON.stringify(path)} exists`)
  }
}

function names(tags: '*' | readonly string[], tag: string | undefined): boolean {
  return tag !== undefined && (tags === '*' || tags.includes(tag))
}

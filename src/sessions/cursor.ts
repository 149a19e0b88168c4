import { invalidField } from '../contract/errors.ts'
import type { SessionQuery } from './ports.ts'

type Position = NonNullable<SessionQuery['after']>

/** Where a page of sessions ended, as an opaque text. */
export function toCursor({ lastActivityAt, id }: Position): string {
  return Buffer.from(`${lastActivityAt}:${id}`).toString('base64url')
}

/** @throws ServiceError `INVALID_REQUEST` for a text that is not a cursor */
export function parseCursor(cursor: string): Position {
  const [, lastActivityAt, id] =
    /^(\d{1,15}):([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (lastActivityAt === undefined || id === undefined)
    throw invalidField('cursor', 'is not a cursor of this API')
  return { lastActivityAt: Number(lastActivityAt), id }
}

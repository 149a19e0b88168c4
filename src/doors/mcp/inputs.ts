import { z } from 'zod'

const longestPath = 4_096

/** Fields that several tools have. */
export const text = z.string().min(1)
/** The id of an object of the API, of which a malformed one is an unknown one. */
export const id = z
  .string()
  .regex(/^[\w-]{1,100}$/, 'must be an id, with at most 100 letters, digits, - and _')
export const sessionId = id.describe('Id of the session')
export const turnId = id.describe('Id of the turn')
export const cursor = text.max(1_000).optional().describe('`nextCursor` of the previous page')
/** No file system has longer paths, and no request to the API could carry them. */
export const path = z
  .string()
  .refine(value => Buffer.byteLength(value) <= longestPath, `must be at most ${longestPath} bytes long`)

export function pageSize(most: number, usual: number) {
  return z.int().min(1).max(most).default(usual).describe('Entries of the page')
}

import { z } from 'zod'

/** Fields that several tools have. */
export const text = z.string().min(1)
/** Ids and names are parts of addresses. */
export const id = text.max(200)
export const sessionId = id.describe('Id of the session')
export const turnId = id.describe('Id of the turn')
export const cursor = text.max(1_000).optional().describe('`nextCursor` of the previous page')

export function pageSize(most: number, usual: number) {
  return z.int().min(1).max(most).default(usual).describe('Entries of the page')
}

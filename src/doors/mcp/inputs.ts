import { z } from 'zod'

/** Fields that several tools have. */
export const text = z.string().min(1)
export const sessionId = text.describe('Id of the session')
export const turnId = text.describe('Id of the turn')
export const cursor = text.optional().describe('`nextCursor` of the previous page')

export function pageSize(most: number, usual: number) {
  return z.int().min(1).max(most).default(usual).describe('Entries of the page')
}

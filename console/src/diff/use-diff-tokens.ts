import type { Hunk } from './patch.ts'
import type { Tokens } from './rows.tsx'

const none: Tokens = new Map()

export function useDiffTokens(_hunks: readonly Hunk[], _path: string): Tokens {
  return none
}

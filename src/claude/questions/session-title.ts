import type { Query } from '@anthropic-ai/claude-agent-sdk'
import { toPlainName } from '../../lib/plain-name.ts'
import { shorten } from '../../lib/shorten.ts'
import { isVisible } from '../../lib/visible-text.ts'

const maxCharacters = 200

/** A method of the SDK that its types leave out. */
interface TitleGenerator {
  generateSessionTitle(description: string, options: { persist: boolean }): Promise<unknown>
}

/** Asks Claude Code for a title, which is not noted in the conversation; null: it has none. */
export async function generateTitle(query: Query, description: string): Promise<string | null> {
  if (!canGenerateTitles(query)) return null
  return toTitle(await query.generateSessionTitle(description, { persist: false }))
}

function canGenerateTitles(query: object): query is TitleGenerator {
  return 'generateSessionTitle' in query && typeof query.generateSessionTitle === 'function'
}

/** Makes a title of foreign text: one line, safe to show. */
export function toTitle(given: unknown): string | null {
  if (typeof given !== 'string') return null
  const line = toPlainName(given.slice(0, 10_000).replace(/\s+/g, ' ')).toWellFormed().trim()
  return isVisible(line) ? shorten(line, maxCharacters) : null
}

import { type UsageDimension, type UsageRow, usageFields } from '../contract/usage.ts'

const counts = ['turns', 'autonomousWork', 'activeMs'] as const
const tokens = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens'] as const

/** Writes rows as CSV (RFC 4180). The columns of a report depend on `groupBy` alone. */
export function toUsageCsv(groupBy: readonly UsageDimension[], rows: readonly UsageRow[]): string {
  const names = groupBy.map(name => usageFields[name])
  const shown = groupBy.includes('model') ? [] : counts
  const others = ['tokensComplete', 'costUsd', 'costComplete', 'webSearchRequests'] as const
  const header = [...names, ...shown, ...tokens, ...others]
  const lines = rows.map(row => [
    ...names.map(name => toCell(row[name] ?? '')),
    ...shown.map(name => String(row[name])),
    ...tokens.map(name => String(row.tokens[name])),
    ...others.map(name => (name === 'costUsd' ? row.costUsd.toFixed(6) : String(row[name]))),
  ])
  return [header, ...lines].map(cells => `${cells.join()}\r\n`).join('')
}

/** Spreadsheets run cells that begin like a formula, also behind spaces; a quotation mark makes them text. */
const formula = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u

function toCell(text: string): string {
  const harmless = formula.test(text) ? `'${text}` : text
  // Some spreadsheets separate cells at semicolons or tabs.
  return /[",;\t\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

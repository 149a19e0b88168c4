import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ErrorDetails, errorCatalogue, failureReasons } from '../../src/contract/errors.ts'
import { adviseTurnRetry } from '../../src/contract/retry.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The codes with typed details; the compiler refuses one that has none. */
const codesWithDetails = [
  'INVALID_REQUEST',
  'SCOPE_REQUIRED',
  'CWD_NOT_ALLOWED',
  'PERMISSION_MODE_NOT_ALLOWED',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'SHUTTING_DOWN',
  'SESSION_BUSY',
  'PERMISSION_ALREADY_RESOLVED',
  'SETTING_NOT_ALLOWED',
  'BUDGET_EXCEEDED',
  'SPEND_LIMIT_REACHED',
  'TURN_NOT_IN_CONVERSATION',
  'PAYLOAD_TOO_LARGE',
  'ORIGIN_NOT_ALLOWED',
  'HOST_NOT_ALLOWED',
  'RANGE_NOT_SATISFIABLE',
  'WORKSPACE_FAILED',
  'MAX_SESSIONS_REACHED',
  'TURN_QUEUE_FULL',
  'RATE_LIMIT_EXCEEDED',
  'CALLER_LIMIT_REACHED',
  'SERVER_LIMIT_REACHED',
  'MESSAGE_SEND_FAILED',
  'AGENT_UNAVAILABLE',
  'MODEL_OVERLOADED',
  'MODEL_RATE_LIMITED',
  'TURN_NOT_RETRYABLE',
  'ATTACHMENT_IN_USE',
  'ATTACHMENT_LIMIT_REACHED',
  'GRANT_NOT_ALLOWED',
  'KEY_LIMIT_REACHED',
  'WEBHOOK_DISABLED',
  'WEBHOOK_LIMIT_REACHED',
  'PUSH_SUBSCRIPTION_LIMIT_REACHED',
  'PRESET_VERSION_CONFLICT',
  'PRESET_LIMIT_REACHED',
] as const satisfies CodeWithDetails[]
type CodeWithDetails = {
  [C in keyof typeof errorCatalogue]: [ErrorDetails<C>] extends [undefined] ? never : C
}[keyof typeof errorCatalogue]
/** Fails to compile when a code that has details is not listed above. */
const unlisted: Exclude<CodeWithDetails, (typeof codesWithDetails)[number]>[] = []

/** The cells of every row of the section's tables, without their heads. */
function rowsOf(text: string, heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const lines = section.split('\n')
  return lines.flatMap((line, index) => {
    const isHead = lines[index + 1]?.startsWith('|---') || line.startsWith('|---')
    if (!line.startsWith('|') || isHead) return []
    return [
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    ]
  })
}

const uncoded = (cell = '') => cell.replace(/^`(.*)`$/, '$1')

describe('docs/errors.md and the catalogue are equal', () => {
  test('codes, statuses, titles, and whether trying again can help', () => {
    const documented = rowsOf(page, 'Codes').map(([code, status, title, retry]) => [
      uncoded(code),
      { status: Number(status), title, retryable: retry === 'yes' ? true : retry === 'no' ? false : retry },
    ])
    expect(Object.fromEntries(documented)).toEqual(errorCatalogue)
    // A code that stands there twice would be hidden by the comparison above.
    expect(documented.map(([code]) => code)).toEqual(Object.keys(errorCatalogue))
  })

  test('reasons, each with a meaning', () => {
    const documented = rowsOf(page, 'Reasons')
    expect(documented.map(([reason]) => uncoded(reason)).sort()).toEqual([...failureReasons].sort())
    for (const [reason, meaning = ''] of documented) expect(meaning, reason).toMatch(/^[A-Z].*\.$/)
    const retryable = documented.map(([reason, , retry]) => [uncoded(reason), retry])
    const catalogued = failureReasons.map(reason => [
      reason,
      adviseTurnRetry(reason).retryable ? 'yes' : 'no',
    ])
    expect(Object.fromEntries(retryable)).toEqual(Object.fromEntries(catalogued))
  })

  test('which codes have details', () => {
    expect(unlisted).toEqual([])
    const documented = rowsOf(page, 'Details').flatMap(([codes = '']) => codes.split(', ').map(uncoded))
    expect(documented.sort()).toEqual([...codesWithDetails].sort())
  })
})

test('the short table of the README names every code under its status', () => {
  const documented = rowsOf(readme, 'Errors').flatMap(([status, codes = '']) =>
    [...codes.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code, Number(status)] as const),
  )
  const catalogued = Object.entries(errorCatalogue).map(([code, { status }]) => [code, status] as const)
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(catalogued))
  expect(documented).toHaveLength(catalogued.length)
})

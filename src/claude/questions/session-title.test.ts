import type { Query } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { generateTitle, toTitle } from './session-title.ts'

test.each([
  ['  Fix the\r\n checkout\ttest ', 'Fix the checkout test'],
  ['\x1b[31mRed\x1b[0m \u202eturned\u0000', 'Red turned'],
  ['half \ud83d', 'half \ufffd'],
  ['a'.repeat(200), 'a'.repeat(200)],
  [`${'a'.repeat(198)}😀b`, `${'a'.repeat(198)}\ufffd…`],
])('%j becomes a title', (given, title) => {
  expect(toTitle(given)).toBe(title)
})

test.each(['', ' \n\t', '\x1b[2J\u200e', '\u2060\u3164', null, undefined, 7, { title: 'x' }])(
  '%j is not a title',
  given => {
    expect(toTitle(given)).toBeNull()
  },
)

test('a Claude Code that cannot make titles has none', async () => {
  expect(await generateTitle({} as Query, 'Fix the test')).toBeNull()
})

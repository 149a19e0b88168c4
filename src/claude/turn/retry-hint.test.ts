import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, it } from 'vitest'
import { RetryHint } from './retry-hint.ts'

const retry = (retry_delay_ms: number) =>
  ({ type: 'system', subtype: 'api_retry', retry_delay_ms }) as unknown as SDKMessage
const limit = (status: string, resetsAt?: number) =>
  ({ type: 'rate_limit_event', rate_limit_info: { status, resetsAt } }) as unknown as SDKMessage
const now = 1_000_000_000_000

it.each([
  ['nothing', [], undefined],
  ['the wait before the last attempt', [retry(500), retry(4_000)], now + 4_000],
  ['the reset of the account', [retry(4_000), limit('rejected', now / 1000 + 3600)], now + 3_600_000],
  ['no reset that is over', [retry(4_000), limit('rejected', now / 1000 - 1)], now + 4_000],
  [
    'no reset of a limit that does not hold',
    [limit('rejected', now / 1000 + 9), limit('allowed')],
    undefined,
  ],
])('knows %s', (_, messages, expected) => {
  const hint = new RetryHint()
  for (const message of messages) hint.observe(message)
  expect(hint.at(now)).toBe(expected)
})

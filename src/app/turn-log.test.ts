import { expect, test } from 'vitest'
import type { TurnRecord } from '../sessions/records.ts'
import { logTurn } from './turn-log.ts'

function log(turn: Partial<TurnRecord>) {
  const lines: { level: string; fields: object; message: string }[] = []
  const at = (level: string) => (fields: object, message: string) => lines.push({ level, fields, message })
  const common = { id: 't', sessionId: 's', createdBy: 'key', error: null, stopReason: null, usage: null }
  logTurn(
    { info: at('info'), warn: at('warn') } as never,
    {
      ...common,
      durationMs: 12,
      costUsd: 0.5,
      ...turn,
    } as TurnRecord,
  )
  return lines
}

test('a turn that ended well is told with its figures', () => {
  const usage = { inputTokens: 3, outputTokens: 4, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
  expect(log({ status: 'completed', stopReason: 'end_turn', usage })).toEqual([
    {
      level: 'info',
      message: 'turn ended',
      fields: {
        sessionId: 's',
        turnId: 't',
        keyId: 'key',
        outcome: 'completed',
        stopReason: 'end_turn',
        durationMs: 12,
        costUsd: 0.5,
        inputTokens: 3,
        outputTokens: 4,
      },
    },
  ])
})

test.each(['failed', 'lost'] as const)('one that %s is a warning with its reason', status => {
  const error = { code: 'MESSAGE_SEND_FAILED', reason: 'process_died', message: 'it died' } as const
  expect(log({ status, error, costUsd: null, durationMs: null })).toEqual([
    {
      level: 'warn',
      message: 'turn ended',
      fields: {
        sessionId: 's',
        turnId: 't',
        keyId: 'key',
        outcome: status,
        errorCode: 'MESSAGE_SEND_FAILED',
        reason: 'process_died',
        error: 'it died',
      },
    },
  ])
})

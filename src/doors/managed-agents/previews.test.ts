import { expect, test } from 'vitest'
import type { SessionEvent } from '../../client/index.ts'
import { EventMapper } from './event-mapper.ts'
import { SessionOutline } from './outline.ts'
import { Previews } from './previews.ts'

const event = (type: string, data: object) => ({ type, data }) as SessionEvent
const stamp = { sessionId: 'session', timestamp: '2026-01-01T00:00:00Z' }
const message = (sequence: number, turnId: string, value: object) =>
  event('message', { ...stamp, sequence, turnId, message: value })

test('a stream forgets the blocks of a turn when it ends', () => {
  const previews = new Previews(['agent.message'])
  const delta = { messageId: 'msg_1', blockIndex: 0, delta: { type: 'text', text: 'Hello' } }
  const starts = () => previews.see(event('delta', delta)).filter(({ type }) => type === 'event_start')
  expect([starts().length, starts().length]).toEqual([1, 0])
  previews.see(message(1, 'turn', { type: 'result' }))
  expect(starts()).toHaveLength(1)
})

test('a mapper forgets the messages of a turn when it ends, and begins there as a new one does', () => {
  const mapper = new EventMapper('session', new SessionOutline([], false))
  const inner = { id: 'msg_1', content: [{ type: 'text', text: 'x' }] }
  const say = (sequence: number, turnId: string) =>
    mapper.map(message(sequence, turnId, { type: 'assistant', message: inner })).map(({ id }) => id)
  mapper.map(event('turn.started', { ...stamp, sequence: 1, turnId: 'one' }))
  expect([say(2, 'one'), say(3, 'one')]).toEqual([['sevt_msg_1_0'], ['sevt_msg_1_1']])
  mapper.map(event('turn.queued', { ...stamp, sequence: 4, turnId: 'two' }))
  mapper.map(event('turn.completed', { ...stamp, sequence: 5, turnId: 'one', costUsd: 1 }))
  expect(mapper.start).toMatchObject({ after: 5, totals: { costUsd: 1 }, waiting: ['two'] })
  expect(say(6, 'two')).toEqual(['sevt_msg_1_0'])
})

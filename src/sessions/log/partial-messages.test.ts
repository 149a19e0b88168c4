import { expect, test } from 'vitest'
import { messageReader } from '../../claude/messages/message-reader.ts'
import type { NewEvent } from '../records.ts'
import { PartialMessages } from './partial-messages.ts'

const piece = (messageId: string, text: string, blockIndex = 0) =>
  ({ turnId: 'turn', messageId, blockIndex, delta: { type: 'text', text } }) as const
const voided = (messageId: string, blockIndex = 0) => ({ turnId: 'turn', messageId, blockIndex })

test('a voided block is not given to readers to come', () => {
  const partials = new PartialMessages(messageReader)
  partials.add('s', piece('1', 'Hello wor'))
  partials.void('s', voided('1'))
  partials.add('s', piece('2', 'Hello'))
  const { deltas, voided: told } = partials.catchUp('s', 0)
  expect({ deltas, told }).toEqual({ deltas: [piece('2', 'Hello')], told: [] })
})

test('a reader that has had a part of it is told once, whenever it comes back', () => {
  const partials = new PartialMessages(messageReader)
  const { position } = partials.add('s', piece('1', 'Hello'))
  partials.add('s', piece('1', ' wor'))
  partials.void('s', voided('1'))
  partials.add('s', piece('2', 'Hi'))
  const first = partials.catchUp('s', position)
  expect(first).toMatchObject({ voided: [voided('1')], deltas: [piece('2', 'Hi')] })
  expect(partials.catchUp('s', first.position)).toMatchObject({ voided: [], deltas: [] })
})

test('another block of the message goes on where it was', () => {
  const partials = new PartialMessages(messageReader)
  partials.add('s', piece('1', 'one'))
  const { position } = partials.add('s', piece('1', 'two', 1))
  partials.void('s', voided('1'))
  partials.add('s', piece('1', ' more', 1))
  expect(partials.catchUp('s', position)).toMatchObject({
    voided: [voided('1')],
    deltas: [piece('1', ' more', 1)],
  })
  expect(partials.catchUp('s', 0)).toMatchObject({ voided: [], deltas: [piece('1', 'two more', 1)] })
})

test('what is not known changes nothing, and the end of the turn ends all of it', () => {
  const partials = new PartialMessages(messageReader)
  expect(partials.void('s', voided('1'))).toBeUndefined()
  const { position } = partials.add('s', piece('1', 'Hello'))
  expect(partials.void('s', voided('1', 7))).toBeUndefined()
  partials.add('s', piece('1', 'x'))
  partials.void('s', voided('1'))
  partials.finish('s', [{ type: 'turn.completed', turnId: 'turn', payload: {} } as NewEvent])
  expect(partials.catchUp('s', position)).toMatchObject({ voided: [], deltas: [] })
})

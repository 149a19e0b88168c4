import { expect, test } from 'vitest'
import { ApiError, ConnectionError } from '../../../src/client/index.ts'
import { Outbox } from './outbox.ts'

/** An outbox whose prompts are accepted or refused by the test. */
function openOutbox() {
  const asked: {
    prompt: unknown
    key: string | undefined
    answer: PromiseWithResolvers<{ turnId: string }>
  }[] = []
  const outbox = new Outbox((_, prompt, { idempotencyKey }) => {
    const answer = Promise.withResolvers<{ turnId: string }>()
    asked.push({ prompt, key: idempotencyKey, answer })
    return answer.promise
  })
  const changed = () => new Promise<void>(resolve => outbox.subscribe(resolve))
  const states = () => outbox.get('s').map(({ text, state, turnId }) => [text, state, turnId])
  const send = (text: string) => outbox.send('s', { prompt: text, text })
  const settled = async (answer: () => void) => {
    const change = changed()
    answer()
    await change
  }
  return { outbox, asked, states, send, settled }
}
const turn = async () => {
  for (let step = 0; step < 5; step++) await Promise.resolve()
}

test('prompts are shown at once, and sent one after the other', async () => {
  const { outbox, asked, states, send, settled } = openOutbox()
  send('one')
  send('two')
  expect(states()).toEqual([
    ['one', 'sending', null],
    ['two', 'sending', null],
  ])
  await turn()
  expect(asked.map(({ prompt }) => prompt)).toEqual(['one'])
  await settled(() => asked[0]?.answer.resolve({ turnId: 't1' }))
  expect(states()[0]).toEqual(['one', 'sent', 't1'])
  await turn()
  expect(asked.map(({ prompt }) => prompt)).toEqual(['one', 'two'])
  outbox.remove('s', outbox.get('s')[0]?.key ?? '')
  expect(states()).toEqual([['two', 'sending', null]])
})

test('a failed prompt stays, and is sent again with its key unless it was refused', async () => {
  const { outbox, asked, states, send, settled } = openOutbox()
  send('one')
  await turn()
  await settled(() => asked[0]?.answer.reject(new ConnectionError('no')))
  expect(states()).toEqual([['one', 'failed', null]])
  const { key = '' } = outbox.get('s')[0] ?? {}
  outbox.retry('s', key)
  outbox.retry('s', key)
  await turn()
  expect(asked).toHaveLength(2)
  expect(asked[1]?.key).toBe(asked[0]?.key)
  const refused = Object.assign(Object.create(ApiError.prototype), { retry: 'never' })
  await settled(() => asked[1]?.answer.reject(refused))
  outbox.retry('s', key)
  await turn()
  expect(asked[2]?.key).not.toBe(asked[0]?.key)
})

test('what was not accepted is taken back; what was accepted is not', async () => {
  const { outbox, asked, send, settled } = openOutbox()
  send('one')
  await turn()
  await settled(() => asked[0]?.answer.resolve({ turnId: 't1' }))
  send('two')
  const taken = outbox.takeAll()
  expect(taken.get('s')?.map(({ text }) => text)).toEqual(['two'])
  expect(outbox.get('s')).toEqual([])
  await turn()
  expect(asked).toHaveLength(1)
})

import { expect, test } from 'vitest'
import type { ClaudeCodeClient, SessionClient } from '../../client/index.ts'
import type { ChatRequest } from './chat-request.ts'
import { findReplaced, takeBack } from './rewinding.ts'

const time = '2026-01-01T00:00:00.000Z'
const turn = (turnId: string, prompt: string, more: object = {}) => ({
  ...{ turnId, prompt, startedAt: time, endedAt: time },
  ...more,
})
const turns = [
  turn('gone', 'one', { rewound: true }),
  turn('a', 'one'),
  turn('b', 'two'),
  turn('never', 'x', { startedAt: null }),
  turn('c', 'three', { endedAt: null }),
]

/** What is done to the session, in order. Of the turns that wait, the oldest begins when a running one is over. */
async function rewind(
  request: Partial<ChatRequest>,
  roles: string[],
  prompt = 'two',
  more: readonly ReturnType<typeof turn>[] = [],
): Promise<string[]> {
  const done: string[] = []
  const waiting = more.map(({ turnId }) => turnId)
  const client = {
    async call(id: string, { body }: { body?: { toTurnId: string } }) {
      if (id === 'listTurns') return { turns: [...turns, ...more], pagination: { nextCursor: null } }
      done.push(`rewind to ${body?.toTurnId}`)
      return undefined
    },
  } as unknown as ClaudeCodeClient
  const session = {
    async interrupt({ turnId }: { turnId: string }) {
      done.push(`interrupt ${turnId}`)
      const isWaiting = waiting.includes(turnId)
      if (isWaiting) waiting.splice(waiting.indexOf(turnId), 1)
      else if (waiting[0] !== undefined) done.push(`start ${waiting.shift()}`)
      return isWaiting ? { interrupted: [], cancelled: [turnId] } : { interrupted: [turnId], cancelled: [] }
    },
  } as unknown as SessionClient
  const messages = roles.map(id => ({ id, role: id.startsWith('u') ? 'user' : 'assistant', parts: [] }))
  const all = { trigger: 'regenerate-message', messages, last: messages.at(-1), ...request }
  const replaced = await findReplaced(client, 'session', all as unknown as ChatRequest, prompt)
  await takeBack(client, session, replaced)
  return done
}

const edit = { trigger: 'submit-message', messageId: 'u2' } as const

test.each<[string, Partial<ChatRequest>, string[], string, string[]]>([
  ['the answer that is named', { messageId: 'b' }, ['u1'], 'two', ['interrupt c', 'rewind to b']],
  ['the answer after the last one', {}, ['u1', 'a', 'u2'], 'two', ['interrupt c', 'rewind to b']],
  ['an edited prompt', edit, ['u1', 'a', 'u2'], 'new', ['interrupt c', 'rewind to b']],
  ['a turn that never began', edit, ['u1', 'b', 'u2'], 'new', ['interrupt c', 'rewind to c']],
  ['a prompt whose turn was refused', {}, ['u1', 'c', 'u2'], 'four', []],
  ['the newest turn of the prompt alone', {}, ['u2'], 'two', ['interrupt c', 'rewind to b']],
  ['a prompt alone that has no turn', {}, ['u2'], 'four', []],
  ['the first prompt', edit, ['u2'], 'new', ['interrupt c', 'rewind to a']],
])('the conversation goes back to before %s', async (_, request, ids, prompt, done) => {
  expect(await rewind(request, ids, prompt)).toEqual(done)
})

test('turns that wait are cancelled before the running one is interrupted: none of them begins', async () => {
  const waiting = ['d', 'e'].map(id => turn(id, id, { startedAt: null, endedAt: null }))
  const done = ['interrupt e', 'interrupt d', 'interrupt c', 'rewind to b']
  expect(await rewind({ messageId: 'b' }, ['u1'], 'two', waiting)).toEqual(done)
  expect(await rewind({ messageId: 'd' }, ['u1'], 'd', waiting)).toEqual(['interrupt e', 'interrupt d'])
})

test('a history of another chat is refused', async () => {
  await expect(rewind({}, ['u1', 'foreign', 'u2'])).rejects.toThrow(
    'messages.1.id: must be that of an answer of this chat',
  )
})

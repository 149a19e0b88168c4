import { expect, test } from 'vitest'
import type { SessionClient } from '../../client/index.ts'
import { giveAnswers } from './answers.ts'
import { readCalls } from './call-parts.ts'

test('gives no answer of a message in which another one is wrong', async () => {
  const given: unknown[] = []
  const session = {
    answerIfPending: async (...answer: unknown[]) => void given.push(answer),
  } as unknown as SessionClient
  const requests = ['a', 'b'].map(id => ({
    ...{ permissionId: id, toolUseId: id, kind: 'question' },
    ...{ toolName: 'AskUserQuestion', input: {}, turnId: 't' },
  })) as never
  const calls = (second: unknown) =>
    readCalls(
      {
        id: 't',
        role: 'assistant',
        parts: [{ answers: { q: 'x' } }, second].map((output, index) => ({
          ...{ type: 'tool-AskUserQuestion', toolCallId: 'ab'[index], state: 'output-available', output },
        })),
      },
      'messages.1',
    )
  await expect(giveAnswers(session, requests, calls({}))).rejects.toThrow(
    'messages.1.parts.1.output: must be',
  )
  const nul = giveAnswers(session, requests, calls({ answers: { q: 'a\0' } }))
  await expect(nul).rejects.toThrow('messages.1.parts.1.output.answers.q: must not contain NUL')
  const twice = [...calls({}), ...calls({}).slice(0, 1)]
  await expect(giveAnswers(session, requests, twice)).rejects.toThrow(
    'toolCallId: must not be that of another',
  )
  expect(given).toEqual([])
  expect(await giveAnswers(session, requests, calls({ answers: { q: 'y' } }))).toEqual([])
  expect(given).toMatchObject([
    ['a', { answers: { q: 'x' } }],
    ['b', { answers: { q: 'y' } }],
  ])
})

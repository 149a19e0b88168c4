import { expect, test } from 'vitest'
import { toPrompt } from './prompt.ts'

test('a long name of a file is cut between characters', () => {
  const name = `a${'😀'.repeat(300)}`
  const file = { type: 'file', mediaType: 'text/plain', url: 'data:,hello', filename: name }
  const source = { type: 'text', media_type: 'text/plain', data: 'hello' }
  const [block] = toPrompt({ id: 'm', role: 'user', parts: [file] }, 'messages.0') as unknown as [
    { title: string },
  ]
  expect(block).toEqual({ type: 'document', title: expect.stringMatching(/^a😀+/u), source })
  expect([block.title.isWellFormed(), block.title.length]).toEqual([true, 500])
})

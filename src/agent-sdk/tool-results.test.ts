import { expect, test } from 'vitest'
import { toToolAnswer } from './tool-results.ts'

test.each([undefined, null, 'text', { content: 'text' }, { content: [null] }])(
  'the result %j of a tool is refused with its name',
  result => {
    expect(() => toToolAnswer('now', result as never)).toThrow(
      'The tool now must return an object with content',
    )
  },
)

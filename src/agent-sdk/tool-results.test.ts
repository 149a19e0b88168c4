import { expect, test } from 'vitest'
import { toToolAnswer } from './tool-results.ts'

const now = { server: 'clock', own: 'now' }

test.each([undefined, null, 'text', { content: 'text' }, { content: [null] }])(
  'the result %j of a tool is refused with its name',
  result => {
    expect(() => toToolAnswer(now, result as never)).toThrow(
      'The tool now must return an object with content',
    )
  },
)

const text = { type: 'text' as const, text: 'plain' }
const image = { type: 'image' as const, data: 'AAAA', mimeType: 'image/png' }
test.each([
  ['data', { content: [text], structuredContent: { a: 1 } }, '{"a":1}'],
  [
    'data beside an image',
    { content: [text, image], structuredContent: { a: 1 } },
    [image, { type: 'text', text: '{"a":1}' }],
  ],
  [
    'the image of a resource',
    { content: [{ type: 'resource', resource: { uri: 'x://a', blob: 'AAAA', mimeType: 'image/png' } }] },
    [{ type: 'text', text: '[Resource from clock at x://a] ' }, image],
  ],
  [
    'resources',
    {
      content: [
        { type: 'resource', resource: { uri: 'x://a', text: 'inside' } },
        { type: 'resource', resource: { uri: 'x://b', blob: 'AAAA', mimeType: 'application/x' } },
        { type: 'resource_link', name: 'n', uri: 'x://c', description: 'about it' },
      ],
    },
    [
      '[Resource from clock at x://a] inside',
      '[Resource from clock at x://b] Binary content (application/x)',
      '[Resource link: n] x://c (about it)',
    ].map(words => ({ type: 'text', text: words })),
  ],
])('Claude is given %s as by the SDK', (_, given, result) => {
  expect(toToolAnswer(now, given as never)).toEqual({ result })
})

import type { ContentBlock } from '@agentclientprotocol/sdk'
import { expect, test } from 'vitest'
import { toPrompt } from './prompt-blocks.ts'

const uri = 'file:///shop/a%20file'
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const png = base64('\x89PNG\r\n\x1a\n')
const blobOf = (blob: string, mimeType?: string): ContentBlock => ({
  type: 'resource',
  resource: { uri, blob, ...(mimeType !== undefined && { mimeType }) },
})
const textOf = (text: string, at = uri): ContentBlock => ({ type: 'resource', resource: { uri: at, text } })
const document = (data: string, title = uri) => ({
  type: 'document',
  title,
  source: { type: 'text', media_type: 'text/plain', data },
})
const binary = (media_type: string, data: string) => ({ type: 'base64', media_type, data })

test.each<[string, ContentBlock, object]>([
  ['text/plain', blobOf(base64('hi'), 'text/plain'), document('hi')],
  ['a charset', blobOf(base64('hi'), 'text/plain; charset=utf-8'), document('hi')],
  ['JSON', blobOf(base64('{}'), 'application/json'), document('{}')],
  ['a text without a type', blobOf(base64('hi')), document('hi')],
  ['a text of bytes', blobOf(base64('hi'), 'application/octet-stream'), document('hi')],
  ['an image without a type', blobOf(png), { type: 'image', source: binary('image/png', png) }],
  [
    'a PDF without a type',
    blobOf(base64('%PDF-1')),
    { type: 'document', title: uri, source: binary('application/pdf', base64('%PDF-1')) },
  ],
  ['an empty text', textOf(''), { type: 'text', text: `The file ${uri} is empty.` }],
  ['an empty blob', blobOf('', 'text/plain'), { type: 'text', text: `The file ${uri} is empty.` }],
  ['a long URI', textOf('x', 'é'.repeat(700)), document('x', `${'é'.repeat(499)}…`)],
])('a file is taken as what it is: %s', (_, block, expected) => {
  expect(toPrompt([block])).toEqual([expected])
})

const hi: ContentBlock = { type: 'text', text: 'hi' }
const image = (data: string): ContentBlock => ({ type: 'image', data, mimeType: 'image/png' })

test.each<[string, ContentBlock[], string]>([
  ['prompt', [], 'must not be empty'],
  ['prompt[0].text', [{ type: 'text', text: '' }], 'must not be empty'],
  ['prompt[1].text', [hi, { type: 'text', text: 'a\0' }], 'must not contain NUL'],
  ['prompt[1].data', [hi, image('?')], 'must be Base64'],
  ['prompt[1].data', [hi, image('')], 'must not be empty'],
  ['prompt[1].mimeType', [hi, image('AAAA')], 'image/png must match the data'],
  [
    'prompt[1].mimeType',
    [hi, { type: 'image', data: png, mimeType: 'image/bmp' }],
    'must be one of image/png',
  ],
  ['prompt[1].resource.blob', [hi, blobOf('?')], 'must be Base64'],
  [
    'prompt[1].resource.blob',
    [hi, blobOf(base64('\xff\0'))],
    'must be a text in UTF-8, application/pdf, image/',
  ],
  ['prompt[1].resource.blob', [hi, blobOf(base64('\xff'), 'text/plain')], 'must be a text in UTF-8'],
  ['prompt[1].resource.blob', [hi, blobOf('', 'application/pdf')], 'must not be empty'],
  [
    'prompt[1].resource.mimeType',
    [hi, blobOf(png, 'text/plain')],
    'text/plain must match the data, which is image/png',
  ],
  ['prompt[1].resource.mimeType', [hi, blobOf(base64('hi'), 'image/png')], 'image/png must match the data'],
  ['prompt[1].resource.text', [hi, textOf('a\0')], 'must not contain NUL'],
  ['prompt[1].resource.text', [hi, textOf('x'.repeat(5 * 1024 * 1024 + 1))], 'must have at most'],
  ['prompt[1].resource.uri', [hi, textOf('x', 'a\0')], 'must not contain NUL'],
])('a wrong field is named as the client has it: %s', (field, blocks, problem) => {
  expect(() => toPrompt(blocks)).toThrow(
    expect.objectContaining({
      code: -32_602,
      message: expect.stringContaining(`${field}: ${problem}`),
      data: { field },
    }),
  )
})

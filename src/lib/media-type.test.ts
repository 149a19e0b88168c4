import { describe, expect, it } from 'vitest'
import { agreesWith, detectBinaryMediaType, detectMediaType, signatureBytes } from './media-type.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('what a content is', () => {
  it.each([
    [latin1('\x89PNG\r\n\x1a\nmore'), 'image/png'],
    [latin1('\xff\xd8\xff\xe0more'), 'image/jpeg'],
    [latin1('GIF87a...'), 'image/gif'],
    [latin1('GIF89a...'), 'image/gif'],
    [latin1('RIFF\x10\0\0\0WEBPVP8 '), 'image/webp'],
    [latin1('%PDF-1.7\n'), 'application/pdf'],
    [Buffer.from('\ufeff\r\n %PDF-1.4'), 'application/pdf'],
    [Buffer.from('Grüße, 世界 😀\n'), 'text/plain'],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'text/plain'],
    [Buffer.from('\ufeffwith a mark'), 'text/plain'],
  ])('%# is told by its bytes', (bytes, type) => {
    expect(detectMediaType(bytes)).toBe(type)
    if (type !== 'text/plain') expect(detectBinaryMediaType(bytes.subarray(0, signatureBytes))).toBe(type)
  })

  it.each([
    ['# Notes\nA PDF begins with %PDF-1.7\n', 'text/plain'],
    [`${' '.repeat(1024)}%PDF-1.7\n`, 'application/pdf'],
    [`${' '.repeat(1025)}%PDF-1.7\n`, 'text/plain'],
    ['# Grüße\n%PDF-1.7\n', 'text/plain'],
  ])('%# is not told by a signature that a text mentions', (text, type) => {
    expect(detectMediaType(Buffer.from(text))).toBe(type)
  })

  it.each([`${'\xff'.repeat(1024)}%PDF-1.4`, 'junk\n%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'junk\0%PDF-1.4'])(
    '%# is a PDF whose signature has something before it that is no text',
    bytes => {
      expect(detectMediaType(latin1(bytes))).toBe('application/pdf')
      expect(detectBinaryMediaType(latin1(bytes))).toBeUndefined()
    },
  )

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text with NUL', Buffer.from('a\0b')],
    ['Latin-1', latin1('Gr\xfc\xdfe')],
    ['UTF-16', Buffer.from('\ufeffabc', 'utf16le')],
    ['half a character', Buffer.from('😀').subarray(0, 3)],
    ['a signature that is cut off', latin1('\x89PNG\r\n')],
    ['RIFF of another kind', latin1('RIFF\x10\0\0\0WAVEfmt ')],
    ['a PDF that begins too late', latin1(`${'\xff'.repeat(1025)}%PDF-1.4`)],
    ['an archive', latin1('PK\x03\x04\x14\0')],
  ])('%s is nothing that is known', (_, bytes) => {
    expect(detectMediaType(bytes)).toBeUndefined()
  })

  it('looks at a part of a larger buffer only', () => {
    const whole = latin1('%PDF-\x89PNG\r\n\x1a\n')
    expect(detectMediaType(whole.subarray(5))).toBe('image/png')
  })
})

describe('what a sender says', () => {
  it.each([
    [undefined, 'image/png'],
    ['application/octet-stream', 'application/pdf'],
    ['application/x-www-form-urlencoded', 'text/plain'],
    ['image/jpg', 'image/jpeg'],
    ['text/markdown', 'text/plain'],
    ['application/json', 'text/plain'],
    ['application/vnd.api+json', 'text/plain'],
    ['application/pdf', 'application/pdf'],
    ['image/svg+xml', 'text/plain'],
    ['application/x-python-code', 'text/plain'],
    ['application/x-httpd-php', 'text/plain'],
    ['message/rfc822', 'text/plain'],
    ['application/x-tex', 'text/plain'],
    ['application/vnd.ms-excel', 'text/plain'],
    ['video/mp2t', 'text/plain'],
  ] as const)('%s agrees with %s', (claimed, detected) => {
    expect(agreesWith(claimed, detected)).toBe(true)
  })

  it.each([
    ['image/png', 'image/jpeg'],
    ['image/png', 'text/plain'],
    ['text/plain', 'application/pdf'],
    ['multipart/form-data', 'text/plain'],
    ['application/zip', 'text/plain'],
    ['image/gif', 'text/plain'],
    ['image/jpg', 'text/plain'],
    ['image/heic', 'text/plain'],
    ['application/pdf', 'text/plain'],
    ['application/x-tar', 'text/plain'],
    ['application/epub+zip', 'text/plain'],
    ['audio/mpeg', 'text/plain'],
    ['video/mp4', 'text/plain'],
    ['font/woff2', 'text/plain'],
    ['image/svg+xml', 'image/png'],
  ] as const)('%s contradicts %s', (claimed, detected) => {
    expect(agreesWith(claimed, detected)).toBe(false)
  })
})

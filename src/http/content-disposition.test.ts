import { expect, test } from 'vitest'
import { toContentDisposition } from './content-disposition.ts'

test.each([
  ['a file.pdf', 'attachment; filename="a file.pdf"'],
  ['Grüße.txt', `attachment; filename="Gr__e.txt"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt`],
  ['a"; b="c', `attachment; filename="a_; b=_c"; filename*=UTF-8''a%22%3B%20b%3D%22c`],
  ["100% (o'clock)", `attachment; filename="100_ (o'clock)"; filename*=UTF-8''100%25%20%28o%27clock%29`],
  ['😀', `attachment; filename="_"; filename*=UTF-8''%F0%9F%98%80`],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
  ['a\r\nb', `attachment; filename="a__b"; filename*=UTF-8''a%0D%0Ab`],
])('%j', (name, header) => {
  expect(toContentDisposition('attachment', name)).toBe(header)
})

test('a file to be shown', () => {
  expect(toContentDisposition('inline', 'a.txt')).toBe('inline; filename="a.txt"')
})

import { describe, expect, test } from 'vitest'
import { isLoopbackName, parseAuthority } from './host-name.ts'

describe('a host', () => {
  test.each([
    ['localhost', 'localhost', undefined],
    ['LocalHost:3050', 'localhost', '3050'],
    ['localhost.:80', 'localhost', '80'],
    ['example.com:0080', 'example.com', '80'],
    ['example.com:', 'example.com', undefined],
    ['127.1', '127.0.0.1', undefined],
    ['0x7f000001:1', '127.0.0.1', '1'],
    ['[0:0:0:0:0:0:0:1]:3050', '[::1]', '3050'],
    ['[::FFFF:127.0.0.1]', '[::ffff:7f00:1]', undefined],
    ['bücher.example', 'xn--bcher-kva.example', undefined],
  ])('%s', (text, name, port) => {
    expect(parseAuthority(text)).toEqual({ name, port })
  })

  test.each([
    '',
    ' ',
    ':80',
    '.',
    '[::1',
    '::1',
    'a b',
    'localhost@evil.example',
    'evil.example/localhost',
    'a:b',
    'a:1:2',
  ])('%j is none', text => {
    expect(parseAuthority(text)).toBeUndefined()
  })
  test.each([
    'localhost\\.evil.example',
    'localhost,evil.example',
    'localhost%2eevil',
    'localhost?',
    'localhost#',
  ])('%j is none either', text => {
    expect(parseAuthority(text)).toBeUndefined()
  })
})

test('loopback names', () => {
  const isLoopback = (text: string) => isLoopbackName(parseAuthority(text)?.name ?? '')
  for (const text of [
    'localhost',
    'LOCALHOST.',
    'app.localhost:1',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ]) {
    expect([text, isLoopback(text)]).toEqual([text, true])
  }
  for (const text of [
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '128.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::ffff:8.8.8.8]',
  ]) {
    expect([text, isLoopback(text)]).toEqual([text, false])
  }
})

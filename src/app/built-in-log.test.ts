import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createTextLog } from './built-in-log.ts'

function open() {
  let written = ''
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written += chunk
      done()
    },
  })
  return { log: createTextLog('info', sink), written: () => written }
}

test('an entry is one line with its fields', () => {
  const { log, written } = open()
  log.warn({ outcome: 'failed', error: 'two\nlines' }, 'turn ended')
  expect(written()).toMatch(
    /^\[\d\d:\d\d:\d\d\] WARN: turn ended \{"outcome":"failed","error":"two\\nlines"\}\n$/,
  )
})

test('an error is followed by its stack', () => {
  const { log, written } = open()
  log.error({ err: new Error('boom') }, 'unexpected fault')
  expect(written()).toMatch(/ERROR: unexpected fault[\s\S]*Error: boom\n +at .*built-in-log\.test\.ts/)
})

test.each(['\x1b[2J', '\x9b2J', '\u202e', '\x07', '\x1b]0;title\x07'])('%j reaches no terminal', foreign => {
  const { log, written } = open()
  const err = Object.assign(new Error(`boom ${foreign}`), { detail: foreign })
  log.error({ err, said: `a${foreign}b` }, `message ${foreign}`)
  expect(written()).toContain('"said":"ab"')
  expect(written()).not.toMatch(/[^\n\P{Cc}]|[\u202a-\u202e]/u)
})

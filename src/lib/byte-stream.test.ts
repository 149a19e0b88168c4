import { expect, test } from 'vitest'
import { toByteStream } from './byte-stream.ts'

async function* say(fault?: Error) {
  yield 'one '
  if (fault) throw fault
  yield 'two'
}

const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text()

test('the texts come in order, and the last one says why there are no more', async () => {
  expect(await read(toByteStream(say()))).toBe('one two')
  const fault = new Error('broken')
  expect(await read(toByteStream(say(fault), error => `(${(error as Error).message})`))).toBe('one (broken)')
  await expect(read(toByteStream(say(fault)))).rejects.toThrow('broken')
  await expect(read(toByteStream(say(fault), () => undefined))).rejects.toThrow('broken')
})

test('the generator ends with its reader', async () => {
  let isOver = false
  async function* forever() {
    try {
      for (;;) yield 'again'
    } finally {
      isOver = true
    }
  }
  const reader = toByteStream(forever()).getReader()
  await reader.read()
  await reader.cancel()
  expect(isOver).toBe(true)
})

test.each([undefined, new Error('broken')])(
  'a text that comes after the reader has left is dropped: %s',
  async fault => {
    const asked = Promise.withResolvers<void>()
    const said = Promise.withResolvers<void>()
    const faults: unknown[] = []
    async function* late() {
      yield 'one'
      asked.resolve()
      await said.promise
      if (fault) throw fault
      yield 'two'
    }
    const reader = toByteStream(late(), error => {
      faults.push(error)
      return ''
    }).getReader()
    await reader.read()
    await asked.promise
    const cancelled = reader.cancel()
    said.resolve()
    await cancelled.catch(() => {})
    expect(faults).toEqual([])
  },
)

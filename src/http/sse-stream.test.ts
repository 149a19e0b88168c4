import { EventEmitter } from 'node:events'
import type { Response } from 'express'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SseStream } from './sse-stream.ts'

/** As much of a response as a stream uses; `full` makes it refuse more. */
class FakeResponse extends EventEmitter {
  statusCode = 0
  destroyed = false
  full = false
  ended = 0
  written: string[] = []
  headers: Record<string, unknown> = {}
  timeouts: number[] = []
  setHeader(name: string, value: unknown) {
    this.headers[name] = value
  }
  flushHeaders() {}
  get writableNeedDrain() {
    return this.full
  }
  write(frame: Buffer | string) {
    this.written.push(String(frame))
    return !this.full
  }
  end() {
    this.ended++
  }
  destroy() {
    this.destroyed = true
    this.emit('close')
  }
  setTimeout(ms: number) {
    this.timeouts.push(ms)
  }
}

function open() {
  const res = new FakeResponse()
  return { res, sse: new SseStream(res as unknown as Response) }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

it('writes events', async () => {
  const { res, sse } = open()
  await sse.send({ event: 'a', id: 7, data: { text: 'two\nlines' } })
  await sse.send({ event: 'b', json: '{"ready":1}' })
  sse.end()
  expect(res.written).toEqual([
    'id: 7\nevent: a\ndata: {"text":"two\\nlines"}\n\n',
    'event: b\ndata: {"ready":1}\n\n',
  ])
})

it('says that it is alive after 15 quiet seconds', async () => {
  const { res, sse } = open()
  vi.advanceTimersByTime(14_999)
  await sse.send({ event: 'a', data: 1 })
  vi.advanceTimersByTime(14_999)
  expect(res.written).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(res.written.at(-1)).toBe(': keepalive\n\n')
  vi.advanceTimersByTime(15_000)
  expect(res.written).toHaveLength(3)
  res.full = true
  vi.advanceTimersByTime(60_000)
  expect(res.written).toHaveLength(3)
  sse.end()
})

it('waits for a client that has not taken what was sent', async () => {
  const { res, sse } = open()
  res.full = true
  let sent = false
  const sending = sse.send({ event: 'a', data: 1 }).then(() => {
    sent = true
  })
  await Promise.resolve()
  expect(sent).toBe(false)
  expect(res.timeouts).toEqual([30_000])
  res.full = false
  res.emit('drain')
  await sending
  expect(res.timeouts).toEqual([30_000, 0])
  sse.end()
  expect(res.listenerCount('drain')).toBe(0)
})

it('does not wait for a client that is gone', async () => {
  const { res, sse } = open()
  res.full = true
  const sending = sse.send({ event: 'a', data: 1 })
  res.emit('close')
  await sending
  expect(sse.closed.aborted).toBe(true)
  await sse.send({ event: 'b', data: 1 })
  expect(res.written).toHaveLength(1)
  sse.end()
  expect(res.ended).toBe(0)
})

it('ends once, and does not linger', () => {
  const { res, sse } = open()
  sse.end()
  sse.end()
  expect(res.ended).toBe(1)
  expect(res.timeouts).toEqual([2_000])
})

it('does nothing for a response that is over already', async () => {
  const res = new FakeResponse()
  res.destroyed = true
  const sse = new SseStream(res as unknown as Response)
  await sse.send({ event: 'a', data: 1 })
  expect(sse.closed.aborted).toBe(true)
  expect(res.written).toEqual([])
})

it('lets go of a client at once, in the middle of a write', async () => {
  const { res, sse } = open()
  res.full = true
  const sending = sse.send({ event: 'a', data: 1 })
  sse.cut()
  await sending
  expect([sse.closed.aborted, res.destroyed]).toEqual([true, true])
  sse.cut()
  sse.end()
  expect(res.ended).toBe(0)
  expect(res.listenerCount('drain')).toBe(0)
})

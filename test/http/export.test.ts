import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ExportFormat } from '../../src/contract/export.ts'
import { createClient } from '../support/client.ts'
import { caller, openSessions, plain } from '../support/open-sessions.ts'
import { samplePng } from '../support/sample-files.ts'
import { key, openDoor } from './open-door.ts'

async function open() {
  const opened = await openSessions()
  const door = await openDoor({ service: opened.sessions })
  const client = createClient(door.url, key)
  return { ...opened, door, ...client, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() }
}

const formats: Record<ExportFormat, [type: string, extension: string]> = {
  jsonl: ['application/x-ndjson', 'jsonl'],
  json: ['application/json; charset=utf-8', 'json'],
  markdown: ['text/markdown; charset=utf-8', 'md'],
  html: ['text/html; charset=utf-8', 'html'],
}

describe('every format', () => {
  test.each(Object.entries(formats))('%s is a file to be saved', async (format, [type, extension]) => {
    await using opened = await open()
    const id = await opened.createSession({ title: 'A <b>' })
    await opened.ask(id, 'hello')
    for (const method of ['GET', 'HEAD']) {
      const response = await opened.send(method, `/sessions/${id}/export?format=${format}`)
      expect(response.status).toBe(200)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': type,
        'content-disposition': `attachment; filename="session-${id}.${extension}"`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
      const text = await response.text()
      expect(text.includes('You said: hello')).toBe(method === 'GET')
    }
  })

  test.each(Object.keys(formats))('%s of a session without anything in it', async format => {
    await using opened = await open()
    const id = await opened.createSession()
    const response = await opened.send('GET', `/sessions/${id}/export?format=${format}`)
    const text = await response.text()
    if (format === 'jsonl') expect(text).toBe('')
    if (format === 'json') expect(JSON.parse(text)).toMatchObject({ turns: [], messages: [] })
  })
})

test('jsonl and json have the messages as the history has them', async () => {
  await using opened = await open()
  const { call, send } = opened
  const id = await opened.createSession()
  for (const prompt of ['one', 'two', 'line\nbreak \u0085 \u2028 \u2029 😀']) await opened.ask(id, prompt)
  const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
  const lines = (await (await send('GET', `/sessions/${id}/export`)).text()).split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.join()).not.toMatch(/[\u0085\u2028\u2029]/)
  expect(lines.map(line => JSON.parse(line))).toEqual(messages)
  const document = (await call('GET', `/sessions/${id}/export?format=json`)).body
  expect(document).toEqual({
    session: (await call('GET', `/sessions/${id}`)).body,
    exportedAt: expect.any(String),
    turns: (await call('GET', `/sessions/${id}/turns`)).body.turns,
    messages,
  })
})

test('attachments are named, also those that are gone', async () => {
  await using opened = await open()
  const { sessions, createSession, call, send } = opened
  const id = await createSession()
  const file = { bytes: samplePng, name: 'a dot.png', claimedType: undefined }
  const { id: attachmentId } = await sessions.attachments.add(caller, id, file)
  const prompt = [{ type: 'image', source: { type: 'attachment', attachmentId } }]
  await call('POST', `/sessions/${id}/messages`, { prompt })
  const path = `/sessions/${id}/export?format=html`
  const html = await (await send('GET', path)).text()
  expect(html).toContain(`Image: a dot.png (image/png, ${samplePng.length} B), attachment ${attachmentId}`)
  await call('DELETE', `/sessions/${id}/attachments/${attachmentId}`)
  expect(await (await send('GET', path)).text()).toContain(
    `attachment ${attachmentId}, which is not there any more`,
  )
})

describe('a long conversation', () => {
  async function openLarge(messages: number) {
    const opened = await open()
    const { store, sessions } = opened
    const { session } = await sessions.create(caller, plain)
    const text = 'x'.repeat(10_000)
    const turnId = randomUUID()
    for (let start = 0; start < messages; start += 1_000) {
      const events = Array.from({ length: 1_000 }, (_, index) => ({
        type: 'message' as const,
        turnId: null,
        payload: {
          id: index === 0 ? turnId : `message-${start + index}`,
          source: index === 0 ? ('user' as const) : ('sdk' as const),
          message: {
            type: index === 0 ? 'user' : 'assistant',
            message: { content: [{ type: 'text', text: `${start + index} ${text}` }] },
          },
        },
      }))
      await store.commit({ tenantId: session.tenantId, sessionId: session.id, at: Date.now(), events })
    }
    let pages = 0
    const { readLog } = store
    store.readLog = (...given) => {
      pages++
      return readLog(...given)
    }
    return { ...opened, id: session.id, pages: () => pages }
  }

  test('of fifty megabytes comes whole, and no faster than it is read', async () => {
    const opened = await openLarge(5_000)
    await using _ = opened
    const { id, send, pages } = opened
    const lines = await send('GET', `/sessions/${id}/export?format=jsonl`)
    let count = 0
    let early: number | undefined
    for await (const chunk of lines.body as ReadableStream<Uint8Array>) {
      if (early === undefined) {
        // Long enough for a sender that does not wait to have read everything.
        for (let round = 0; round < 2_000; round++) await new Promise(resolve => setImmediate(resolve))
        early = pages()
      }
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++
    }
    expect(count).toBe(5_000)
    expect(pages()).toBeGreaterThanOrEqual(25)
    // What lies in the buffers between the two, and one page.
    expect(early).toBeLessThan(15)

    for (const format of ['json', 'markdown', 'html']) {
      const response = await send('GET', `/sessions/${id}/export?format=${format}`)
      let bytes = 0
      let end = ''
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        bytes += chunk.length
        end = Buffer.from(chunk).toString().slice(-12_000)
      }
      expect(bytes).toBeGreaterThan(50_000_000)
      expect(end).toContain('4999 xxx')
    }
  })

  test('a client that leaves ends the reading', async () => {
    const opened = await openLarge(5_000)
    await using _ = opened
    const { id, send, pages, door } = opened
    const leaving = new AbortController()
    const response = await send('GET', `/sessions/${id}/export?format=html`, undefined, {
      signal: leaving.signal,
    })
    await response.body?.getReader().read()
    leaving.abort()
    // Resolves when every response is over.
    await door.door.close()
    expect(pages()).toBeLessThan(15)
    expect(door.lines.filter(({ level, msg }) => Number(level) >= 50 && msg !== 'request')).toEqual([])
  })
})

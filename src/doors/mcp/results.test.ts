import { InMemoryTransport, type JSONRPCMessage } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { ClaudeCodeClient } from '../../client/index.ts'
import { createServer } from './server.ts'

interface Result {
  content: { type: string; text: string }[]
  structuredContent?: Record<string, unknown>
  contents: { text: string }[]
}

/** Calls a method of the server, whose API has this answer to everything. */
async function send(method: string, params: object, answer: () => Response): Promise<Result> {
  const client = new ClaudeCodeClient({ baseUrl: 'http://door.internal', fetch: async () => answer() })
  const server = createServer({ client, logFault: () => {}, isCancelled: () => false })
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  await server.connect(theirs)
  const { promise, resolve } = Promise.withResolvers<JSONRPCMessage>()
  ours.onmessage = resolve
  await ours.send({ jsonrpc: '2.0', id: 1, method, params: { ...params } })
  const { result } = (await promise) as unknown as { result: Result }
  await server.close()
  return result
}

async function call(name: string, input: object, answer: () => Response) {
  const { content, structuredContent } = await send('tools/call', { name, arguments: input }, answer)
  return { text: content.map(({ text }) => text).join('\n'), data: structuredContent, content }
}

const ofSession = { sessionId: 'session' }

function toFile(
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
  type = 'text/plain; charset=utf-8',
): Response {
  const range = `bytes ${offset}-${bytes.length - 1}/${bytes.length}`
  const headers = { 'Content-Type': type, ...(offset > 0 && { 'Content-Range': range }) }
  return new Response(bytes.subarray(offset), {
    status: offset > 0 ? 206 : 200,
    headers: { ...headers, 'Content-Length': String(bytes.length - offset) },
  })
}

test.each(['Röslein, Röslein', '\uFEFFa€€€b', '🌹🌹🌹'])(
  'the parts of the file %j are the file',
  async whole => {
    const bytes = new TextEncoder().encode(whole)
    let offset: number | null = 0
    let read = ''
    while (offset !== null) {
      const from: number = offset
      const input = { ...ofSession, path: 'poem.txt', offset: from, maxBytes: 5 }
      const { text, data, content } = await call('read_file', input, () => toFile(bytes, from))
      expect(data).toMatchObject({ offset: from, sizeBytes: bytes.length, text: content[0]?.text })
      read += content[0]?.text
      offset = data?.nextOffset as number | null
      if (offset === null) expect(content).toHaveLength(1)
      else expect(text).toContain(`the file has ${bytes.length} bytes; continue with offset ${offset}]`)
    }
    expect(read).toBe(whole)
  },
)

test('an image has no structured content, which a client could pass on in its place', async () => {
  const png = () => toFile(new Uint8Array([137, 80, 0, 255]), 0, 'image/png')
  const { content, data } = await call('read_file', { ...ofSession, path: 'pixel.png' }, png)
  expect([content, data]).toEqual([[{ type: 'image', mimeType: 'image/png', data: 'iVAA/w==' }], undefined])
})

test('a file that is too long for a resource says so at its end', async () => {
  const bytes = new Uint8Array(1024 * 1024 + 1).fill(97)
  const uri = 'claude-code://sessions/session/files/long.txt'
  const { contents } = await send('resources/read', { uri }, () => toFile(bytes, 0))
  expect(contents[0]?.text.slice(-80)).toContain(
    'aa\n\n[the rest is left out: read_file has it from offset 1048576]',
  )
})

const noRepository = { 'X-Diff-Source': 'checkpoints', 'X-Diff-Reason': 'no_repository' }

test.each([
  ['', { 'X-Diff-Source': 'git' }, /^No differences$/],
  ['+a\n', { 'X-Diff-Source': 'git' }, /^\+a\n$/],
  ['+a\n', { 'X-Diff-Source': 'git', 'X-Diff-Truncated': 'true' }, /^\+a\n\n\[the rest is left out: .*\]\n$/],
  [
    '+a\n',
    noRepository,
    /^\+a\n\n\[source: checkpoints, reason: no_repository\. .* commands are not known\]\n$/,
  ],
  ['', noRepository, /^No differences are known\n\[source: checkpoints, reason: no_repository\. .*\]\n$/],
])('the diff %j with %o says what it lacks', async (diff, headers: Record<string, string>, expected) => {
  const answer = () => new Response(diff, { headers: { ...headers, 'Content-Type': 'text/x-diff' } })
  expect((await call('read_diff', ofSession, answer)).text).toMatch(expected)
  if (diff === '') return
  const { contents } = await send('resources/read', { uri: 'claude-code://sessions/session/diff' }, answer)
  expect(contents[0]?.text).toMatch(expected)
})

const pagination = { nextCursor: 'next', limit: 1 }

test.each([
  ['read_history', ofSession, { messages: [], pagination }],
  ['list_sessions', {}, { sessions: [], nextCursor: 'next', total: 1 }],
  ['list_presets', {}, { presets: [], pagination }],
  ['list_requests', {}, { permissions: [], pagination }],
  ['list_files', ofSession, { entries: [], nextCursor: 'next' }],
])('the text of %s has the cursor of the next page', async (tool, input, body) => {
  const answer = () => Response.json({ success: true, ...body })
  const { text, data } = await call(tool, input, answer)
  expect([text, data?.nextCursor]).toEqual(['[more follows: call again with the cursor next]', 'next'])
})

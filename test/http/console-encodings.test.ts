import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import compression from 'compression'
import { expect, test } from 'vitest'
import { openOnce } from '../support/lifetime.ts'
import { longScript, openConsole } from '../support/open-console.ts'
import { sendBytes } from '../support/raw-request.ts'

const shared = openOnce(() => openConsole())
const path = '/console/assets/long-1a2b.js'

async function ask(address: string, headers: Record<string, string>, method = 'GET') {
  const sent = get(shared().origin + address, { method, headers, agent: false })
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, headers: answer.headers, bytes: await buffer(answer) }
}

test.each([
  ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
  ['gzip, deflate', 'gzip', gunzipSync],
  ['gzip, br;q=0', 'gzip', gunzipSync],
  ['*', 'br', brotliDecompressSync],
] as const)('to "%s", a script is sent as %s', async (accepted, encoding, decode) => {
  const { status, headers, bytes } = await ask(path, { 'accept-encoding': accepted })
  expect(status).toBe(200)
  expect(headers).toMatchObject({
    'content-encoding': encoding,
    vary: 'Accept-Encoding',
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': String(bytes.length),
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  })
  expect(decode(bytes).toString()).toBe(longScript)
  const head = await ask(path, { 'accept-encoding': accepted }, 'HEAD')
  expect({ ...head.headers, date: headers.date }).toEqual(headers)
  expect(head.bytes.length).toBe(0)
})

test.each([
  {},
  { 'accept-encoding': 'identity' },
  { 'accept-encoding': 'zstd' },
  { 'accept-encoding': 'br;q=0, gzip;q=0' },
  { 'accept-encoding': '\u00ff;;q=,,' },
])('to %j, it is sent as it is, and caches are told that it varies', async headers => {
  const answer = await ask(path, headers as Record<string, string>)
  expect(answer.headers['content-encoding']).toBeUndefined()
  expect(answer.headers.vary).toBe('Accept-Encoding')
  expect(answer.bytes.toString()).toBe(longScript)
})

test('each encoding has an entity tag of its own', async () => {
  const tags = new Set<string>()
  for (const encoding of ['br', 'gzip', 'identity']) {
    const { headers } = await ask(path, { 'accept-encoding': encoding })
    const etag = headers.etag ?? ''
    tags.add(etag)
    const same = await ask(path, { 'accept-encoding': encoding, 'if-none-match': etag })
    expect([same.status, same.bytes.length, same.headers['content-encoding']]).toEqual([304, 0, undefined])
    expect(same.headers.vary).toBe('Accept-Encoding')
  }
  expect(tags.size).toBe(3)
  const [brotli = ''] = tags
  expect((await ask(path, { 'accept-encoding': 'gzip', 'if-none-match': brotli })).status).toBe(200)
})

test('ranges are of the file as it is, never of its encoded bytes', async () => {
  const range = 'bytes=0-5'
  const encoded = await ask(path, { 'accept-encoding': 'br', range })
  expect([encoded.status, encoded.headers['accept-ranges']]).toEqual([200, undefined])
  expect(brotliDecompressSync(encoded.bytes).toString()).toBe(longScript)
  const plain = await ask(path, { range })
  expect([plain.status, plain.bytes.toString()]).toEqual([206, longScript.slice(0, 6)])
})

test('refusals of a precondition or a range have the headers of no file', async () => {
  for (const [headers, status] of [
    [{ 'accept-encoding': 'br', 'if-match': '"other"' }, 412],
    [{ 'if-match': '"other"' }, 412],
    [{ range: 'bytes=999999-' }, 416],
  ] as const) {
    const answer = await ask(path, headers as unknown as Record<string, string>)
    expect([answer.status, answer.bytes.length]).toEqual([status, 0])
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' })
    for (const name of ['content-encoding', 'etag']) expect(answer.headers[name]).toBeUndefined()
  }
  expect(shared().door.lines).toEqual([])
})

test('short files and the page are sent as they are', async () => {
  for (const address of ['/console/assets/main-1a2b.js', '/console/sw.js', '/console/']) {
    const { status, headers } = await ask(address, { 'accept-encoding': 'br', accept: 'text/html' })
    expect([status, headers['content-encoding']]).toEqual([200, undefined])
  }
})

test.each([
  '/console/.br/assets/long-1a2b.js',
  '/console/.gzip/assets/long-1a2b.js',
  '/console/%2ebr/assets/long-1a2b.js',
  '/console/assets/../.br/assets/long-1a2b.js',
  '/console/../.br/console/assets/long-1a2b.js',
  '/console/assets/..%2f..%2findex.html%00.js',
])('%s is not an address, whatever is accepted', async address => {
  for (const accepted of ['br', 'identity']) {
    const answer = await sendBytes(
      shared().origin,
      `GET ${address} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${accepted}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 404 /)
    expect(answer).not.toMatch(/content-encoding/i)
  }
})

test('a host that compresses what it sends does not compress again', async () => {
  const { door } = shared()
  door.app.use('/host', compression(), door.door.console)
  const { headers, bytes } = await ask('/host/assets/long-1a2b.js', { 'accept-encoding': 'gzip, br' })
  expect(headers['content-encoding']).toBe('br')
  expect(brotliDecompressSync(bytes).toString()).toBe(longScript)
})

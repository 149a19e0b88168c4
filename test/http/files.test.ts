import { once } from 'node:events'
import { mkdirSync, readdirSync, readlinkSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import express from 'express'
import { describe, expect, test } from 'vitest'
import { ServiceError } from '../../src/contract/errors.ts'
import { createClient } from '../support/client.ts'
import { openSessions, until } from '../support/open-sessions.ts'
import { type DoorOptions, key, openDoor, readError } from './open-door.ts'

async function open(given: DoorOptions = {}) {
  const { sessions, cwd } = await openSessions()
  const door = await openDoor({
    service: sessions,
    config: { openApiValidation: { enabled: true } },
    ...given,
  })
  const { createSession } = createClient(door.url, key)
  const sessionId = await createSession()
  const call = (path: string, init?: RequestInit) => door.call(`/sessions/${sessionId}/${path}`, init)
  const file = (path: string, init?: RequestInit) =>
    call(`files/content?${new URLSearchParams({ path })}`, init)
  return {
    cwd,
    sessionId,
    door,
    call,
    file,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  }
}

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, (await readError(response)).error.code]
}

describe('a file', () => {
  test('comes with its type, its length, its tag, and nothing that a browser would run', async () => {
    await using opened = await open()
    const { cwd, file } = opened
    const kinds: [name: string, type: string, how: 'inline' | 'attachment'][] = [
      ['a.txt', 'text/plain; charset=utf-8', 'inline'],
      ['Makefile', 'text/plain; charset=utf-8', 'inline'],
      ['.gitignore', 'text/plain; charset=utf-8', 'inline'],
      ['a.TS', 'text/plain; charset=utf-8', 'inline'],
      ['a.json', 'application/json', 'inline'],
      ['a.png', 'image/png', 'inline'],
      ['a.html', 'text/html; charset=utf-8', 'attachment'],
      ['a.svg', 'image/svg+xml', 'attachment'],
      ['a.js', 'text/plain; charset=utf-8', 'inline'],
      ['a.MJS', 'text/plain; charset=utf-8', 'inline'],
      ['a.cjs', 'text/plain; charset=utf-8', 'inline'],
      ['a.css', 'text/plain; charset=utf-8', 'inline'],
      ['a.xsl', 'text/plain; charset=utf-8', 'inline'],
      ['a.wasm', 'application/octet-stream', 'attachment'],
      ['a.pdf', 'application/pdf', 'attachment'],
      ['a', 'application/octet-stream', 'attachment'],
      ['a.html.', 'application/octet-stream', 'attachment'],
      ['constructor', 'application/octet-stream', 'attachment'],
    ]
    for (const [name, type, how] of kinds) {
      writeFileSync(join(cwd, name), '<script>')
      const response = await file(name)
      const { headers } = response
      expect([response.status, headers.get('content-type')], name).toEqual([200, type])
      expect(headers.get('content-disposition'), name).toMatch(new RegExp(`^${how}; `))
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('content-length')).toBe('8')
      expect(headers.get('accept-ranges')).toBe('bytes')
      expect(headers.get('etag')).toMatch(/^"[0-9a-z-]+"$/)
      expect(await response.text()).toBe('<script>')
    }
  })

  test('has its name in the header, whatever it is', async () => {
    await using opened = await open()
    const { cwd, file } = opened
    writeFileSync(join(cwd, 'ü "x"\r\n(1)\'.txt'), '')
    const response = await file('ü "x"\r\n(1)\'.txt')
    expect(response.headers.get('content-disposition')).toBe(
      `inline; filename="_ _x___(1)'.txt"; filename*=UTF-8''%C3%BC%20%22x%22%0D%0A%281%29%27.txt`,
    )
  })

  test('comes in ranges', async () => {
    await using opened = await open()
    const { cwd, file } = opened
    writeFileSync(join(cwd, 'a.txt'), '0123456789')
    const etag = (await file('a.txt')).headers.get('etag') ?? ''
    const cases: [headers: Record<string, string>, status: number, text: string, range: string | null][] = [
      [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=8-' }, 206, '89', 'bytes 8-9/10'],
      [{ range: 'bytes=0-1,4-5' }, 200, '0123456789', null],
      [{ range: 'lines=1-2' }, 200, '0123456789', null],
      [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=2-4', 'if-range': '"other"' }, 200, '0123456789', null],
      [{ range: 'bytes=99-', 'if-range': '"other"' }, 200, '0123456789', null],
      [{ range: 'bytes=99-', 'if-none-match': etag }, 304, '', null],
    ]
    for (const [headers, status, text, range] of cases) {
      const response = await file('a.txt', { headers })
      expect([response.status, await response.text()], JSON.stringify(headers)).toEqual([status, text])
      expect(response.headers.get('content-range')).toBe(range)
    }
    const beyond = await file('a.txt', { headers: { range: 'bytes=10-' } })
    expect(beyond.headers.get('content-range')).toBe('bytes */10')
    expect(await readError(beyond)).toMatchObject({
      error: { code: 'RANGE_NOT_SATISFIABLE', details: { sizeBytes: 10 } },
    })
    const head = await file('a.txt', { method: 'HEAD', headers: { range: 'bytes=2-4' } })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([206, '3', ''])
  })

  test('is not sent again to who has it', async () => {
    await using opened = await open()
    const { cwd, file } = opened
    writeFileSync(join(cwd, 'a.txt'), 'one')
    const etag = (await file('a.txt')).headers.get('etag') ?? ''
    for (const tags of [etag, '*', `W/${etag}`, `"x", ${etag}`]) {
      const response = await file('a.txt', { headers: { 'if-none-match': tags } })
      expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag])
    }
    writeFileSync(join(cwd, 'a.txt'), 'two')
    expect((await file('a.txt', { headers: { 'if-none-match': etag } })).status).toBe(200)
  })

  test('that gets shorter while it is sent cuts the response instead of keeping the client waiting', async () => {
    await using opened = await open()
    const { cwd, door, sessionId, file } = opened
    writeFileSync(join(cwd, 'huge.bin'), '')
    truncateSync(join(cwd, 'huge.bin'), 200 * 1024 * 1024)
    const request = get(`${door.url}/sessions/${sessionId}/files/content?path=huge.bin`, {
      headers: { 'x-api-key': key },
    })
    const [response] = await once(request, 'response')
    expect(response.headers['content-length']).toBe(`${200 * 1024 * 1024}`)
    // Nothing is read before this, so most of it has not been sent.
    truncateSync(join(cwd, 'huge.bin'), 10)
    response.resume()
    await expect(once(response, 'end')).rejects.toThrow('aborted')
    expect((await file('huge.bin')).status).toBe(200)
  })
})

/** A door whose archive is this content. */
function openArchive(content: Readable) {
  const archive = async () => ({ name: 'work', content })
  return openDoor({ service: { files: { archive } as never } })
}
const archivePath = '/sessions/0b0e1f6e-4ad4-4f5c-9f0e-2f0c8e6d1a11/archive'

/** Content that fails after so many pieces. */
function breaking(pieces: number, error: Error): Readable {
  return Readable.from(
    (async function* () {
      for (let piece = 0; piece < pieces; piece++) yield Buffer.from('a piece')
      throw error
    })(),
    { objectMode: false },
  )
}

describe('an archive', () => {
  test.each([
    [new ServiceError('PATH_NOT_ALLOWED', 'it was moved away'), 1],
    [new Error('it was moved away'), 1],
    // What is removed while it is read is no fault.
    [new ServiceError('ATTACHMENT_NOT_FOUND', 'it was moved away'), 0],
  ])('that breaks off cuts the connection, and the log says once why: %s', async (error, faultCount) => {
    await using door = await openArchive(breaking(3, error))
    await expect(door.call(archivePath).then(response => response.text())).rejects.toThrow()
    const faults = door.lines.filter(({ level, msg }) => level === 50 && msg !== 'request')
    expect(faults).toHaveLength(faultCount)
    if (faultCount === 0) return
    expect(faults).toMatchObject([{ msg: 'unexpected fault', operation: 'getArchive' }])
    expect(JSON.stringify(faults)).toContain('it was moved away')
  })

  test('that ends before its first bytes without a word cuts the connection, and leaves nobody waiting', async () => {
    const content = new Readable({ read() {} })
    await using door = await openArchive(content)
    const cut = expect(door.call(archivePath)).rejects.toThrow()
    await until(() => content.listenerCount('readable') > 0)
    content.destroy()
    await cut
  })

  test('is closed when its client leaves before its first bytes', async () => {
    const content = new Readable({ read() {} })
    await using door = await openArchive(content)
    const leaving = new AbortController()
    const left = expect(door.call(archivePath, { signal: leaving.signal })).rejects.toThrow()
    await until(() => content.listenerCount('readable') > 0)
    leaving.abort()
    await left
    await until(() => content.destroyed)
  })

  test('that fails before its first bytes is answered with the error', async () => {
    await using door = await openArchive(breaking(0, new ServiceError('PATH_NOT_ALLOWED', 'moved away')))
    const response = await door.call(archivePath)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'PATH_NOT_ALLOWED' } })
    expect(response.headers.get('content-disposition')).toBe(null)
  })
})

describe('a client that leaves', () => {
  test('in the middle of a file or an archive leaves nothing open, and is no fault', async () => {
    await using opened = await open()
    const { cwd, door, sessionId } = opened
    writeFileSync(join(cwd, 'huge.bin'), '')
    truncateSync(join(cwd, 'huge.bin'), 200 * 1024 * 1024)
    const openFiles = () =>
      readdirSync('/proc/self/fd').filter(descriptor => {
        try {
          return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(cwd)
        } catch {
          return false
        }
      })
    for (const path of ['files/content?path=huge.bin', 'archive']) {
      const request = get(`${door.url}/sessions/${sessionId}/${path}`, { headers: { 'x-api-key': key } })
      const [response] = await once(request, 'response')
      await once(response, 'readable')
      expect(openFiles()).not.toEqual([])
      request.destroy()
      await until(() => openFiles().length === 0)
    }
    const head = await door.call(`/sessions/${sessionId}/archive`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/gzip'])
    await until(() => openFiles().length === 0)
    expect(door.lines.filter(({ msg }) => msg === 'unexpected fault')).toEqual([])
  })
})

describe('changing files', () => {
  test('create, replace, only if it is the same, only if it is new, remove', async () => {
    await using opened = await open()
    const { file, call } = opened
    const put = (path: string, body: string, headers: Record<string, string> = {}) =>
      file(path, { method: 'PUT', body, headers })
    const created = await put('src/a.ts', 'one')
    expect(created.status).toBe(201)
    const etag = created.headers.get('etag') ?? ''
    expect(await created.json()).toEqual({
      path: 'src/a.ts',
      sizeBytes: 3,
      modifiedAt: expect.stringMatching(/Z$/),
      etag,
    })
    expect((await file('src/a.ts')).headers.get('etag')).toBe(etag)
    const replaced = await put('src/a.ts', 'two', { 'if-match': `"x", ${etag}` })
    expect(replaced.status).toBe(200)
    const next = replaced.headers.get('etag') ?? ''
    expect(next).not.toBe(etag)
    for (const headers of [{ 'if-match': etag }, { 'if-match': `W/${next}` }, { 'if-none-match': '*' }]) {
      expect(await codeOf(await put('src/a.ts', 'three', headers))).toEqual([412, 'PRECONDITION_FAILED'])
    }
    expect(await codeOf(await put('src/b.ts', 'x', { 'if-match': '*' }))).toEqual([
      412,
      'PRECONDITION_FAILED',
    ])
    expect((await put('src/b.ts', '', { 'if-none-match': '*' })).status).toBe(201)
    expect(await (await file('src/a.ts')).text()).toBe('two')
    const remove = (query: string, headers: Record<string, string> = {}) =>
      call(`files/content?${query}`, { method: 'DELETE', headers })
    expect(await codeOf(await remove('path=src/a.ts', { 'if-match': etag }))).toEqual([
      412,
      'PRECONDITION_FAILED',
    ])
    expect((await remove('path=src/a.ts', { 'if-match': next })).status).toBe(204)
    expect(await codeOf(await remove('path=src'))).toEqual([400, 'INVALID_REQUEST'])
    expect((await remove('path=src&recursive=true')).status).toBe(204)
    expect(await codeOf(await file('src/b.ts'))).toEqual([404, 'FILE_NOT_FOUND'])
  })

  test('whatever the content is said to be', async () => {
    await using opened = await open()
    const { file } = opened
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
      const content = '{"a": [1, 2'
      const response = await file('x', {
        method: 'PUT',
        body: Buffer.from(content),
        headers: { 'content-type': type },
      })
      expect([200, 201]).toContain(response.status)
      expect(await (await file('x')).text()).toBe(content)
    }
  })

  test('a part of the content is refused, by the name of the header', async () => {
    await using opened = await open()
    const { cwd, file } = opened
    writeFileSync(join(cwd, 'x'), '0123456789')
    const headers = { 'content-range': 'bytes 2-3/10' }
    const response = await file('x', { method: 'PUT', body: 'XX', headers })
    expect([response.status, (await readError(response)).error]).toMatchObject([
      400,
      { code: 'INVALID_REQUEST', details: { issues: [{ path: 'Content-Range' }] } },
    ])
    expect(await (await file('x')).text()).toBe('0123456789')
  })

  test('a body that is too large, or that somebody else has read, changes nothing', async () => {
    await using opened = await open({ config: { maxUploadBytes: 10 } })
    const { file } = opened
    expect(await codeOf(await file('x', { method: 'PUT', body: 'x'.repeat(11) }))).toEqual([
      413,
      'PAYLOAD_TOO_LARGE',
    ])
    expect((await file('x')).status).toBe(404)
    await using behind = await open({ prepare: app => void app.use(express.json()) })
    const headers = { 'content-type': 'application/json' }
    const response = await behind.file('x', { method: 'PUT', body: '{"a":1}', headers })
    expect(await codeOf(response)).toEqual([415, 'BODY_ALREADY_READ'])
    expect((await behind.file('x')).status).toBe(404)
  })

  test('a session that is over can be read, not changed', async () => {
    await using opened = await open()
    const { cwd, door, sessionId, call, file } = opened
    writeFileSync(join(cwd, 'a.txt'), 'kept')
    expect((await door.call(`/sessions/${sessionId}`, { method: 'DELETE' })).status).toBe(204)
    expect(await (await file('a.txt')).text()).toBe('kept')
    expect((await call('files')).status).toBe(200)
    expect((await call('archive')).status).toBe(200)
    for (const method of ['PUT', 'DELETE']) {
      expect(await codeOf(await file('a.txt', { method }))).toEqual([410, 'SESSION_ENDED'])
    }
  })
})

describe('no way out', () => {
  test('by dots, encoded once, twice or not at all, by links, or by absolute paths', async () => {
    await using opened = await open()
    const { cwd, call } = opened
    mkdirSync(join(cwd, 'sub'))
    symlinkSync('/etc', join(cwd, 'link'))
    for (const path of [
      '../x',
      'sub/../../x',
      '%2e%2e/x',
      '%2E%2E%2Fx',
      '..%2f..%2f..%2fetc%2fpasswd',
      '/etc/passwd',
      '%2Fetc%2Fpasswd',
      'link/passwd',
      'link',
    ]) {
      for (const [method, query] of [
        ['GET', `files/content?path=${path}`],
        ['PUT', `files/content?path=${path}`],
        ['DELETE', `files/content?path=${path}/x`],
        ['GET', `files?path=${path}`],
        ['GET', `archive?path=${path}`],
      ] as const) {
        expect(await codeOf(await call(query, { method })), `${method} ${query}`).toEqual([
          403,
          'PATH_NOT_ALLOWED',
        ])
      }
    }
    for (const path of ['%252e%252e/x', '..%5C..%5Cx', '%c0%ae%c0%ae/x']) {
      expect(await codeOf(await call(`files/content?path=${path}`)), path).toEqual([404, 'FILE_NOT_FOUND'])
    }
    for (const path of ['a%00b', '%00', 'x'.repeat(4097), 'x'.repeat(300)]) {
      expect(await codeOf(await call(`files/content?path=${path}`)), path).toEqual([400, 'INVALID_REQUEST'])
    }
  })
})

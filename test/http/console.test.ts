import { describe, expect, test } from 'vitest'
import { openOnce } from '../support/lifetime.ts'
import { codeOf, openConsole } from '../support/open-console.ts'
import { sendBytes, sendRaw } from '../support/raw-request.ts'
import { key, openDoor } from './open-door.ts'

const shared = openOnce(() => openConsole({ config: { trustProxy: 'loopback' } }))
const untrusting = openOnce(() => openConsole())
const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

describe.each(['/console', '/a/b/console'])('the console at %s', mount => {
  test('sends its page for each path that a browser opens, with addresses below the mount', async () => {
    for (const path of ['/', '/index.html', '/sessions/1', '/sessions/1/files/a.ts', '/sessions?filter=x']) {
      const answer = await shared().send(mount + path, 'GET', { accept })
      expect(answer.status).toBe(200)
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': policy,
        'cross-origin-opener-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      expect(answer.text).toContain(`content="${mount}/"`)
      expect(answer.text).toContain(`src="${mount}/assets/main-1a2b.js"`)
      expect(answer.text).not.toContain('"./')
    }
  })

  test('without its slash leads there, relative, with its query', async () => {
    const answer = await shared().send(`${mount}?a=b`)
    expect([answer.status, answer.headers.location]).toEqual([308, './console/?a=b'])
    expect(new URL('./console/?a=b', shared().origin + mount).pathname).toBe(`${mount}/`)
  })

  test('keeps hashed files for ever and asks again for the others', async () => {
    const script = await shared().send(`${mount}/assets/main-1a2b.js`)
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
    })
    const types = {
      'assets/main-1a2b.css': 'text/css; charset=utf-8',
      'manifest.webmanifest': 'application/manifest+json; charset=utf-8',
      'sw.js': 'text/javascript; charset=utf-8',
    }
    for (const [name, type] of Object.entries(types)) {
      const { status, headers } = await shared().send(`${mount}/${name}`)
      expect([status, headers['content-type']?.toString().replace(/; charset.*/, '')]).toEqual([
        200,
        type.replace(/; charset.*/, ''),
      ])
      if (!name.startsWith('assets')) expect(headers['cache-control']).toBe('no-cache')
    }
  })

  test('has an API of its own below it', async () => {
    const caller = await shared().send(`${mount}/api/caller`, 'GET', { 'x-api-key': key })
    expect([caller.status, JSON.parse(caller.text).administersServer]).toEqual([200, true])
    expect(codeOf(await shared().send(`${mount}/api/sessions`))).toEqual([401, 'MISSING_API_KEY'])
  })
})

test('the page has an entity tag, which says that it is still the same', async () => {
  const first = await shared().send('/console/', 'GET', { accept })
  const etag = String(first.headers.etag)
  expect((await shared().send('/console/', 'GET', { accept, 'if-none-match': etag })).status).toBe(304)
  expect((await shared().send('/console/', 'HEAD', { accept })).headers['content-length']).toBe(
    String(first.text.length),
  )
  // The page at another mount is another page.
  const other = await shared().send('/a/b/console/', 'GET', { accept, 'if-none-match': etag })
  expect(other.status).toBe(200)
})

test.each([
  '/console/assets/../index.html%00',
  '/console/../../package.json',
  '/console/%2e%2e/%2e%2e/package.json',
  '/console/..%2f..%2fpackage.json',
  '/console/assets/..%5c..%5cpackage.json',
  '/console/.hidden',
  '/console/assets/.%2e/.hidden',
  '/console//etc/passwd',
  '/console/%',
])('%s leads out of nothing', async path => {
  const answer = await sendBytes(
    untrusting().origin,
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1.1 404 /)
  expect(answer).toContain('"code":"NOT_FOUND"')
  expect(answer).not.toMatch(/secret|claude-code-http-api|root:|node_modules/)
})

test('what is not there is an error in the form of the API, never a page in the place of a script', async () => {
  for (const [method, path] of [
    ['GET', '/console/assets/old.js'],
    ['GET', '/console/unknown.js'],
    ['POST', '/console/'],
    ['DELETE', '/console/assets/main-1a2b.js'],
  ] as const) {
    const answer = await shared().send(path, method, { accept: path.includes('old') ? accept : '*/*' })
    expect(codeOf(answer)).toEqual([404, 'NOT_FOUND'])
    expect(answer.headers['x-request-id']).toBeDefined()
  }
})

test('a prefix counts if a trusted proxy names it, and becomes no markup', async () => {
  const ask = (open: typeof shared, prefix: string) =>
    sendRaw(`${open().origin}/console/`, { headers: { accept, 'x-forwarded-prefix': prefix } })
  expect((await ask(shared, '/team')).text).toContain('src="/team/console/assets/main-1a2b.js"')
  for (const prefix of ['/team"><script>', '//evil.example', '/../x', 'https://evil.example']) {
    expect((await ask(shared, prefix)).text).toContain('src="/console/assets/main-1a2b.js"')
  }
  expect((await ask(untrusting, '/team')).text).toContain('src="/console/assets/main-1a2b.js"')
})

test('a mount with a parameter stays text', async () => {
  const { door, origin } = untrusting()
  door.app.use('/:team/console', door.door.console)
  const answer = await sendBytes(
    origin,
    `GET /x"onload="&/console/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  )
  expect(answer).toContain('src="/x&quot;onload=&quot;&amp;/console/assets/main-1a2b.js"')
})

test('without a build, the console says how to make one, and nothing is logged', async () => {
  const { send, door } = await openConsole({ deps: { consoleBuild: '/nonexistent/console' } })
  const answer = await send('/console/', 'GET', { accept })
  expect([answer.status, answer.headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8'])
  expect(answer.text).toContain('npm run build')
  expect(door.lines).toEqual([])
})

test('with console: false, the router leaves every request to the host application', async () => {
  await using door = await openDoor({ config: { console: false } })
  door.app.use('/console', door.door.console).use((_req, res) => void res.status(418).end())
  for (const path of ['/console/', '/console/session', '/console/api/health']) {
    expect((await fetch(door.origin + path)).status).toBe(418)
  }
})

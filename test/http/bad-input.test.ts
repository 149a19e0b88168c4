import http from 'node:http'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { createSessionRequest } from '../../src/contract/sessions.ts'
import { openDoor, readError } from './open-door.ts'

const id = crypto.randomUUID()
const messages = `/sessions/${id}/messages`

interface Case {
  name: string
  path: string
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
  method?: string
  status?: number
  code?: string
  /** Paths of the issues. */
  issues?: string[]
}

const json = { 'content-type': 'application/json' }
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

const cases: Case[] = [
  { name: 'a body that is not JSON', path: messages, body: '{"prompt":', issues: [''] },
  { name: 'a body that is no object', path: messages, body: '"hello"', issues: [''] },
  { name: 'null', path: messages, body: 'null', issues: [''] },
  { name: 'a list', path: '/sessions', body: '[]', issues: [''] },
  { name: 'no body', path: messages, headers: {}, issues: [''] },
  { name: 'an empty body', path: messages, body: '', issues: [''] },
  { name: 'no prompt', path: messages, body: '{}', issues: ['prompt'] },
  { name: 'an empty prompt', path: messages, body: '{"prompt":""}', issues: ['prompt'] },
  { name: 'a blank prompt', path: messages, body: '{"prompt":" \\n "}', issues: ['prompt'] },
  { name: 'no blocks', path: messages, body: '{"prompt":[]}', issues: ['prompt'] },
  { name: 'a prompt of a wrong type', path: messages, body: '{"prompt":7}', issues: ['prompt'] },
  {
    name: 'an empty block',
    path: messages,
    body: '{"prompt":[{"type":"text","text":""}]}',
    issues: ['prompt[0].text'],
  },
  {
    name: 'a block of no known type',
    path: messages,
    body: '{"prompt":[{"type":"video"}]}',
    issues: ['prompt[0].type'],
  },
  {
    name: 'unknown fields',
    path: messages,
    body: '{"prompt":"x","foo":1,"bar":2}',
    issues: ['foo', 'bar'],
  },
  {
    name: 'an unknown field inside',
    path: messages,
    body: '{"prompt":[{"type":"text","text":"x","size":1}]}',
    issues: ['prompt[0].size'],
  },
  {
    name: 'wrong types',
    path: messages,
    body: '{"prompt":"x","timeout":"5","background":1,"onBusy":"wait"}',
    issues: ['timeout', 'background', 'onBusy'],
  },
  { name: 'a negative timeout', path: messages, body: '{"prompt":"x","timeout":-1}', issues: ['timeout'] },
  { name: 'NUL in a text', path: messages, body: '{"prompt":"a\\u0000b"}', issues: ['prompt'] },
  { name: 'half a surrogate pair', path: messages, body: '{"prompt":"a\\ud800"}', issues: ['prompt'] },
  {
    name: 'NUL in a key',
    path: '/sessions',
    body: '{"metadata":{"a\\u0000":1}}',
    issues: ['metadata.a\0'],
  },
  {
    name: '__proto__',
    path: '/sessions',
    body: '{"metadata":{"__proto__":1}}',
    issues: ['metadata.__proto__'],
  },
  {
    name: 'deep nesting',
    path: '/sessions',
    body: `{"metadata":{"a":${deep(70)}}}`,
    issues: [`metadata.a${'[0]'.repeat(62)}`],
  },
  { name: 'deeper nesting', path: '/sessions', body: deep(200), issues: ['[0]'.repeat(64)] },
  { name: 'very deep nesting', path: '/sessions', body: deep(100_000) },
  {
    name: 'another type',
    path: messages,
    body: 'x',
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: 'a form',
    path: messages,
    body: 'prompt=x',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: 'no type',
    path: messages,
    body: new TextEncoder().encode('{}'),
    headers: {},
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: 'an unknown charset',
    path: messages,
    body: '{}',
    headers: { 'content-type': 'application/json; charset=latin1' },
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: 'an unknown encoding',
    path: messages,
    body: '{}',
    headers: { ...json, 'content-encoding': 'lzma' },
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: 'a broken encoding',
    path: messages,
    body: 'not gzip',
    headers: { ...json, 'content-encoding': 'gzip' },
    issues: [''],
  },
  {
    name: 'a body of 20 MB',
    path: messages,
    body: `"${'x'.repeat(20_000_000)}"`,
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
  },
  { name: 'a body where none is taken', path: `/sessions/${id}`, method: 'DELETE', body: '{}', issues: [''] },
  { name: 'limit=0', path: `${messages}?limit=0`, method: 'GET', issues: ['limit'] },
  { name: 'limit=abc', path: `${messages}?limit=abc`, method: 'GET', issues: ['limit'] },
  { name: 'limit twice', path: `${messages}?limit=1&limit=2`, method: 'GET', issues: ['limit'] },
  { name: 'limit as a list', path: `${messages}?limit[]=1`, method: 'GET', issues: ['limit[]'] },
  { name: 'offset=-1', path: `${messages}?offset=-1`, method: 'GET', issues: ['offset'] },
  { name: 'an unknown parameter', path: `${messages}?page=2`, method: 'GET', issues: ['page'] },
  { name: 'a parameter where none is taken', path: '/models?x=1&y=2', method: 'GET', issues: ['x', 'y'] },
  { name: '__proto__ as a parameter', path: '/models?__proto__=1', method: 'GET', issues: ['__proto__'] },
  { name: 'NUL in a parameter', path: '/sessions?cursor=%00', method: 'GET', issues: ['cursor'] },
  { name: 'a wrong status', path: '/sessions?status=gone', method: 'GET', issues: ['status'] },
  {
    name: 'a wrong Last-Event-ID',
    path: `/sessions/${id}/events`,
    method: 'GET',
    headers: { 'last-event-id': 'x' },
    issues: ['Last-Event-ID'],
  },
]

const hosts: [string, (app: express.Express) => void][] = [
  ['a bare host', () => {}],
  [
    'a host that parses JSON itself and has settings of its own',
    app => {
      app.set('query parser', 'extended')
      app.set('json spaces', 4)
      app.use(
        express.json({ limit: '100mb', strict: false }),
        (error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
          // What the host's parser refuses never reaches the router.
          if (error) res.status(400).json({ refusedByHost: true })
          else next()
        },
      )
    },
  ],
]

describe.each(hosts)('under %s', (_, prepare) => {
  it.each(cases)(
    '$name is refused',
    async ({
      path,
      body,
      headers = json,
      method = 'POST',
      status = 400,
      code = 'INVALID_REQUEST',
      issues,
    }) => {
      await using door = await openDoor({ prepare })
      const response = await door.call(path, { method, headers, ...(body !== undefined && { body }) })
      const answer = (await readError(response)) as Awaited<ReturnType<typeof readError>> & {
        refusedByHost?: true
      }
      if (answer.refusedByHost) return
      // A host that has parsed 20 MB has accepted them.
      if (code === 'PAYLOAD_TOO_LARGE' && response.status === 400) return
      expect([response.status, answer.error.code]).toEqual([status, code])
      if (issues) {
        const found = answer.error.details?.issues as { path: string; message: string }[]
        expect(found.map(issue => issue.path)).toEqual(issues)
        expect(found.every(issue => issue.message.length > 0)).toBe(true)
      }
      const others = door.lines.filter(({ msg }) => msg !== 'request')
      expect(others.filter(({ level }) => Number(level) > 30)).toEqual([])
    },
  )
})

it('takes a prompt of 1 MB', async () => {
  const prompt = 'x'.repeat(1024 * 1024)
  let received: unknown
  await using door = await openDoor({
    service: {
      submit: async (_caller, _session, request) => {
        received = request.prompt
        throw new Error('far enough')
      },
    },
  })
  await door.post(messages, { prompt })
  expect(received).toBe(prompt)
})

it('answers a body that is too large while it is still being sent in chunks', async () => {
  await using door = await openDoor({ config: { maxBodyBytes: 1000 } })
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = http.request(`${door.url}/sessions`, {
      method: 'POST',
      headers: { ...json, 'x-api-key': 'Key-for-Tests-1', 'transfer-encoding': 'chunked' },
    })
    request.on('response', response => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject)
    for (let sent = 0; sent < 50; sent++) request.write('x'.repeat(10_000))
    request.end()
  })
  expect(status).toBe(413)
})

it('takes a session without a body', async () => {
  const bodies: unknown[] = []
  await using door = await openDoor({
    service: {
      create: async (_caller, body) => {
        bodies.push(body)
        throw new Error('far enough')
      },
    },
  })
  await door.call('/sessions', { method: 'POST' })
  await door.call('/sessions', { method: 'POST', headers: json })
  await door.post('/sessions', {})
  expect(bodies).toEqual(Array(3).fill(createSessionRequest.parse({})))
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { errorCodes } from '../../src/contract/errors.ts'
import { buildOpenApi } from '../../src/contract/openapi.ts'
import { operationIds } from '../../src/contract/operations.ts'
import { digest, sessionId, sessionRecord, settingsInForce, submission, turnRecord } from './fake-records.ts'
import { openDoor, readIssuePaths } from './open-door.ts'

describe('GET /openapi.json', () => {
  it('is the generated document, for this mount path and this header', async () => {
    await using door = await openDoor({ mount: '/here', config: { auth: { apiKeyHeader: 'X-Own' } } })
    const response = await door.call('/openapi.json', { headers: { 'x-own': 'Key-for-Tests-1' } })
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const { servers, components, ...rest } = (await response.json()) as ReturnType<typeof buildOpenApi>
    const { servers: _servers, components: _components, ...generated } = buildOpenApi('1.2.3')
    expect(rest).toEqual(JSON.parse(JSON.stringify(generated)))
    expect(servers).toEqual([{ url: '/here' }])
    expect(components).toMatchObject({ securitySchemes: { apiKey: { name: 'x-own' } } })
  })
})

describe('GET /docs', () => {
  it('shows every operation and every schema, and runs nothing', async () => {
    await using door = await openDoor()
    const response = await door.call('/docs')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    const page = await response.text()
    for (const id of operationIds) expect(page).toContain(`<article id="${id}">`)
    const { components } = buildOpenApi('') as { components: { schemas: object } }
    for (const name of Object.keys(components.schemas)) expect(page).toContain(`id="schema-${name}"`)
    for (const code of errorCodes) expect(page).toContain(`<article id="error-${code}">`)
    expect(page.match(/<summary>curl<\/summary>/g)).toHaveLength(operationIds.length)
    expect(page).toContain('<section id="authentication">')
    expect(page).toContain('id="field-Session.lastActivity"')
    expect(page).not.toMatch(/<script|undefined|\[object|\bon\w+=/)
    // Every link leads somewhere.
    const ids = new Set([...page.matchAll(/\bid="([^"]+)"/g)].map(match => match[1]))
    for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
  })
})

describe('GET /reference', () => {
  it('runs only its own scripts, which are sent once', async () => {
    await using door = await openDoor()
    const response = await door.call('/reference')
    const policy = response.headers.get('content-security-policy') ?? ''
    const page = await response.text()
    const nonce = /script-src 'nonce-([\w+/=]+)';/.exec(policy)?.[1]
    expect(policy).toMatch(/^default-src 'none'; .*connect-src 'self'; .*frame-ancestors 'none'$/)
    expect(page.match(/<script nonce="([^"]+)"/g)).toEqual(Array(2).fill(`<script nonce="${nonce}"`))
    expect(page.match(/<script/g)).toHaveLength(2)
    expect((await door.call('/reference')).headers.get('content-security-policy')).not.toBe(policy)
    const script = await door.call('/reference/scalar.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('content-encoding')).toBe('gzip')
    expect((await script.text()).length).toBeGreaterThan(1_000_000)
    const etag = script.headers.get('etag') ?? ''
    const plain = await door.call('/reference/scalar.js', { headers: { 'accept-encoding': 'gzip;q=0' } })
    expect([plain.headers.get('content-encoding'), plain.headers.get('etag')]).toEqual([null, etag])
    await plain.body?.cancel()
    const again = await door.call('/reference/scalar.js', { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it.each(['/reference', '/reference/scalar.js'])(
    'needs a key at %s, which a browser may send',
    async path => {
      await using door = await openDoor()
      const without = await fetch(`${door.url}${path}`)
      expect([without.status, without.headers.get('www-authenticate')]).toEqual([
        401,
        'Basic realm="claude-code-api", charset="UTF-8"',
      ])
      const authorization = `Basic ${Buffer.from('anyone:Key-for-Tests-1').toString('base64')}`
      const response = await fetch(`${door.url}${path}`, { headers: { authorization } })
      expect(response.status).toBe(200)
      await response.body?.cancel()
    },
  )
})

describe('with openApiValidation', () => {
  const enabled = { openApiValidation: { enabled: true } }

  async function writeSpec(change: (document: ReturnType<typeof buildOpenApi>) => void): Promise<string> {
    const document = structuredClone(buildOpenApi('1.2.3'))
    change(document)
    return writeText(stringify(document))
  }

  async function writeText(text: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'spec-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const path = join(directory, 'spec.yaml')
    await writeFile(path, text)
    return path
  }

  it('sends what fits', async () => {
    const state = 'idle' as const
    await using door = await openDoor({
      config: enabled,
      service: {
        get: async () => ({ session: sessionRecord(), state, digest, backgroundTasks: 0, settingsInForce }),
        list: async () => ({
          sessions: [{ session: sessionRecord(), state, digest, backgroundTasks: 0, settingsInForce }],
          total: 1,
          nextCursor: null,
        }),
        create: async () => ({ session: sessionRecord(), replayed: false }),
        end: async () => {},
        submit: async () => submission(turnRecord(), turnRecord()),
        ageOf: () => 0,
        getTurn: async () => turnRecord(),
        listTurns: async () => ({ turns: [turnRecord()], total: 1 }),
        health: async () => ({
          store: { checkedAt: 0, ok: true, sessions: { active: 1, total: 1 } },
          agent: undefined,
        }),
      },
    })
    const of = `/sessions/${sessionId}`
    const answers = [
      await door.call('/sessions?limit=5&status=all'),
      await door.call(of),
      await door.post('/sessions', { metadata: { a: [1] } }),
      await door.post(`${of}/messages`, { prompt: 'hello' }),
      await door.post(`${of}/messages`, { prompt: [{ type: 'text', text: 'hello' }], background: true }),
      await door.post(`${of}/messages`, { prompt: 'hello', stream: true }),
      await door.call(`${of}/turns?limit=10&offset=0`),
      await door.call('/health'),
      await door.call('/openapi.json'),
      await door.call('/docs'),
      await door.call(of, { method: 'DELETE' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([
      200, 200, 201, 200, 202, 200, 200, 200, 200, 200, 204,
    ])
    // An id of a wrong form is an unknown one, also here.
    expect((await door.call('/sessions/x')).status).toBe(200)
    expect((await door.call('/nowhere')).status).toBe(404)
    expect((await fetch(`${door.url}/sessions`)).status).toBe(401)
  })

  it('does not send what breaks the document', async () => {
    await using door = await openDoor({
      config: enabled,
      service: { models: () => [{ id: 7, secret: 'of the house' }] as never },
    })
    const response = await door.call('/models')
    const text = await response.text()
    expect([response.status, JSON.parse(text).error.code]).toEqual([500, 'INTERNAL'])
    expect(text).not.toContain('of the house')
    expect(door.lines.find(({ level }) => level === 50)).toMatchObject({
      operation: 'listModels',
      status: 200,
    })
  })

  it('refuses requests that break the document, and names the fields', async () => {
    const specPath = await writeSpec(document => {
      const { components, paths } = document as never as {
        components: { schemas: Record<string, { properties: Record<string, object>; required?: string[] }> }
        paths: Record<string, { get: { parameters: { name: string; schema: object }[] } }>
      }
      const request = components.schemas.CreateSessionRequest
      if (request) {
        request.required = ['title']
        request.properties.title = { type: 'string', maxLength: 3 }
      }
      const limit = paths['/sessions']?.get.parameters.find(({ name }) => name === 'limit')
      if (limit) limit.schema = { type: 'integer', maximum: 10 }
    })
    await using door = await openDoor({
      config: { openApiValidation: { enabled: true, specPath } },
      service: { create: async () => ({ session: sessionRecord(), replayed: false }) },
    })
    const pathsOf = async (answer: Promise<Response>) => {
      const response = await answer
      expect(response.status).toBe(400)
      return readIssuePaths(response)
    }
    expect(await pathsOf(door.post('/sessions', {}))).toEqual(['title'])
    expect(await pathsOf(door.post('/sessions', { title: 'long' }))).toEqual(['title'])
    expect(await pathsOf(door.post('/sessions', { title: 'ok', more: 1 }))).toEqual(['more'])
    expect(await pathsOf(door.call('/sessions?limit=11'))).toEqual(['limit'])
    expect((await door.post('/sessions', { title: 'ok' })).status).toBe(201)
  })

  it.each([
    ['not there', '/nowhere/spec.yaml'],
    ['not YAML', '{'],
    ['empty', ''],
    ['not OpenAPI', 'a: 1'],
    ['of an older version', 'openapi: 3.0.3\npaths: {}'],
    [
      'with references to nowhere',
      'openapi: 3.1.0\npaths: {/models: {get: {responses: {"200": {$ref: "#/components/responses/None"}}}}}',
    ],
    [
      'with a schema that is none',
      'openapi: 3.1.0\npaths: {/models: {get: {responses: {"200": {content: {application/json: {schema: {type: 7}}}}}}}}',
    ],
  ])('refuses a document that is %s', async (_, text) => {
    const specPath = text.startsWith('/') ? text : await writeText(text)
    await expect(
      openDoor({ config: { openApiValidation: { enabled: true, specPath } } }),
    ).rejects.toMatchObject({
      name: 'ConfigError',
      field: 'openApiValidation.specPath',
    })
  })
})

import { describe, expect, it } from 'vitest'
import { sendBytes, sendRaw } from '../support/raw-request.ts'
import { sessionId, sessionRecord } from './fake-records.ts'
import { key, openDoor, readIssuePaths } from './open-door.ts'
import { openScenario, request } from './operation-scenarios.ts'

const json = { 'content-type': 'application/json' }

describe('a JSON body', () => {
  async function open() {
    const titles: unknown[] = []
    const door = await openDoor({
      service: {
        create: async (_caller, { title }) => {
          titles.push(title)
          return { session: sessionRecord(), replayed: false }
        },
      },
    })
    const create = async (body: string | Buffer, type = 'application/json') => {
      const headers = { 'content-type': type }
      const sent = typeof body === 'string' ? body : new Uint8Array(body)
      return (await door.call('/sessions', { method: 'POST', body: sent, headers })).status
    }
    return { door, titles, create }
  }

  it.each<[string, Buffer]>([
    ['a lone byte', Buffer.from('{"title":"\xe9"}', 'latin1')],
    ['a truncated sequence', Buffer.from('{"title":"\xf0\x9f\x98"}', 'latin1')],
    ['an overlong form', Buffer.from('{"title":"\xc0\xaf"}', 'latin1')],
    ['an encoded surrogate', Buffer.from('{"title":"\xed\xa0\x80"}', 'latin1')],
    ['a wrong byte in a key', Buffer.from('{"title":"a","\xff":1}', 'latin1')],
    ['UTF-16', Buffer.from('{"title":"a"}', 'utf16le')],
    ['UTF-16 with its mark', Buffer.from('\ufeff{"title":"a"}', 'utf16le')],
    ['half a surrogate pair as an escape', Buffer.from('{"title":"\\ud800"}')],
  ])('with %s is refused, not changed', async (_name, body) => {
    const { door, titles, create } = await open()
    await using _ = door
    expect(await create(body)).toBe(400)
    expect(titles).toEqual([])
  })

  it.each(['latin1', 'ISO-8859-1', 'utf-16', 'utf-16le', 'utf-32', 'utf-7', 'windows-1252', '"utf-16"', ''])(
    'in charset=%s is refused',
    async charset => {
      const { door, titles, create } = await open()
      await using _ = door
      expect(await create('{"title":"a"}', `application/json; charset=${charset}`)).toBe(415)
      expect(await create('{"title":"a"}', `application/json; charset=utf-8; charset=${charset}`)).toBe(415)
      expect(titles).toEqual([])
    },
  )

  it('in UTF-8 is taken as it is', async () => {
    const { door, titles, create } = await open()
    await using _ = door
    const title = 'Grüße \u2028 😀 \ufffd é e\u0301'
    for (const type of [
      'application/json',
      'application/json;charset=UTF-8',
      'application/json; charset="utf-8"',
    ]) {
      expect([type, await create(JSON.stringify({ title }), type)]).toEqual([type, 201])
    }
    expect(await create(`\ufeff${JSON.stringify({ title })}`)).toBe(201)
    expect(titles).toEqual(Array(4).fill(title))
  })
})

describe('a query', () => {
  it.each([
    'metadata=%ff',
    'limit=%zz',
    'limit=%',
    'cursor=%c3',
    'cursor=%ed%a0%80',
    '%ff=1',
    'limit=1&cursor=%FF',
  ])('%s is refused', async query => {
    await using door = await openDoor()
    const response = await door.call(`/sessions?${query}`)
    expect(response.status).toBe(400)
    expect(await readIssuePaths(response)).toHaveLength(1)
  })

  it('with bytes that are not percent-encoded is refused', async () => {
    await using door = await openDoor()
    const lines = [
      'GET /api/v1/sessions?cursor=é HTTP/1.1',
      'Host: localhost',
      `X-API-Key: ${key}`,
      'Connection: close',
    ]
    const answer = await sendBytes(door.origin, `${lines.join('\r\n')}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
  })

  it('names no other file to write or remove', async () => {
    await using opened = await openScenario()
    const { door, ids } = opened
    for (const method of ['PUT', 'DELETE']) {
      const response = await door.call(`/sessions/${ids.sessionId}/files/content?path=a%ff`, { method })
      expect(response.status).toBe(400)
      expect(await readIssuePaths(response)).toEqual(['path'])
    }
  })
})

it('bytes of an upload stay what they are, whatever charset is claimed', async () => {
  await using opened = await openScenario()
  const { door, ids } = opened
  const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x00, 0xc3])
  for (const type of [
    'text/plain; charset=latin1',
    'text/plain; charset=utf-16',
    'application/json; charset=utf-8',
  ]) {
    const path = `/sessions/${ids.sessionId}/files/content?path=a.bin`
    await door.call(path, { method: 'PUT', body: bytes, headers: { 'content-type': type } })
    expect(Buffer.from(await (await door.call(path)).arrayBuffer())).toEqual(bytes)
  }
})

describe('ids in upper case are the same ids', () => {
  const inUpperCase = (ids: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(ids).map(([name, id]) => [name, name === 'taskId' ? id : id.toUpperCase()]),
    )

  it('in paths, queries and bodies', async () => {
    await using opened = await openScenario({
      prepare: async ({ call, createSession, ask }) => {
        const of = await createSession()
        const { turnId } = (await ask(of, 'first')).body
        const { attachmentId } = (await call('POST', `/sessions/${of}/attachments`, 'a note')).body
        return { sessionId: of, turnId, attachmentId }
      },
    })
    const { door, ids: lower } = opened
    const ids = inUpperCase(lower)
    const session = await (await request(door, 'getSession', ids, {})).json()
    expect(session).toMatchObject({ sessionId: lower.sessionId })
    expect(await (await request(door, 'getTurn', ids, {})).json()).toMatchObject({ turnId: lower.turnId })
    expect((await request(door, 'getAttachment', ids, {})).status).toBe(200)
    expect((await request(door, 'followEvents', ids, {})).status).toBe(200)
    expect((await request(door, 'getDiff', ids, { query: `since=${ids.turnId}` })).status).toBe(200)
    expect((await request(door, 'interruptSession', ids, { body: { turnId: ':turnId' } })).status).toBe(200)
    const prompt = [
      { type: 'text', text: 'look' },
      { type: 'document', source: { type: 'attachment', attachmentId: ':attachmentId' } },
    ]
    const answered = await request(door, 'sendMessage', ids, { body: { prompt } })
    expect([answered.status, await answered.json()]).toEqual([
      200,
      expect.objectContaining({ stopReason: 'end_turn' }),
    ])
    const accepted = await request(door, 'sendMessage', ids, { body: { prompt: 'x', background: true } })
    expect(await accepted.json()).toMatchObject({ turnUrl: expect.stringContaining(lower.sessionId ?? '?') })
    for (const [id, body] of [
      ['forkSession', { afterTurnId: ':turnId' }],
      ['rewindSession', { toTurnId: ':turnId', dryRun: true }],
    ] as const) {
      const response = await request(door, id, ids, { body })
      expect([id, response.status, await response.json()]).toEqual([
        id,
        expect.any(Number),
        expect.anything(),
      ])
      expect(response.status).not.toBe(404)
    }
    expect((await request(door, 'deleteAttachment', ids, {})).status).not.toBe(404)
    expect((await request(door, 'endSession', ids, {})).status).toBe(204)
  })
})

describe('secrets in the wrong place', () => {
  it('are neither logged nor repeated', async () => {
    await using door = await openDoor({
      service: {
        get: async () => {
          throw new Error('not reached')
        },
      },
    })
    const secret = 'sk-ant-a-secret-in-the-wrong-place'
    const texts: string[] = []
    for (const [path, method] of [
      [`/sessions/${secret}`, 'GET'],
      [`/${secret}`, 'GET'],
      [`/sessions/${secret}/messages/${secret}`, 'POST'],
      [`/models/${secret}`, 'DELETE'],
      [`/models?key=${secret}`, 'GET'],
      [`/health?key=${secret}`, 'GET'],
      [`/%zz${secret}`, 'GET'],
      [`/sessions/${sessionId}/mcp/${secret}`, 'POST'],
    ] as const) {
      texts.push(await (await door.call(path, { method, headers: { 'x-secret': secret } })).text())
    }
    const absolute = await sendRaw(door.url, {
      headers: { 'x-api-key': secret, host: secret, origin: secret },
    })
    texts.push(absolute.text)
    await door.call('/sessions', { method: 'POST', body: `{"title":"${secret}`, headers: json })
    await door.door.close()
    expect(texts.join('\n')).not.toContain(secret)
    expect(JSON.stringify(door.lines)).not.toContain(secret)
    const lines = door.lines.filter(({ msg }) => msg === 'request')
    expect(lines.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/sessions/*', '/*', '/sessions/*/messages/*', `/sessions/${sessionId}/mcp/*`]),
    )
  })
})

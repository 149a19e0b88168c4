import { createWebSocketStream } from '@agentclientprotocol/sdk/experimental/ws-client'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { serverOptions } from '../../src/app/server-limits.ts'
import { text } from '../../src/demo/answer.ts'
import { connectAcp } from '../support/acp-client.ts'
import { createClient, parseFrames } from '../support/client.ts'
import { openOnce } from '../support/lifetime.ts'
import { requirements } from '../support/machine.ts'
import { checkSite, openNginx, site } from '../support/nginx.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { sendRaw } from '../support/raw-request.ts'

const program = requirements.nginx.find()
const publicUrl = 'https://claude.example.com/api/v1'
const maxUploadBytes = 4 * 1024 * 1024

test('deploy/nginx.conf closes idle connections before the server does', () => {
  const [, seconds] = /upstream [^}]*keepalive_timeout (\d+)s;/s.exec(site) ?? []
  expect(Number(seconds) * 1000).toBeLessThan(serverOptions.keepAliveTimeout ?? 0)
})

if (program !== undefined) {
  test('nginx accepts deploy/nginx.conf as a whole', async () => {
    const { code, output } = await checkSite(program)
    expect(output).toContain('test is successful')
    expect(code).toBe(0)
  })

  describe('through nginx', () => {
    const opened = openOnce(async () => {
      const doors = ['acp' as const]
      const server = await openServer({ publicUrl, trustProxy: 'loopback', maxUploadBytes, doors })
      const url = await openNginx(program, server.base)
      const client = createClient(`${url}/api/v1`, apiKey)
      return { ...server, ...client, url, id: await client.createSession() }
    })

    test('a delta arrives while the model is still writing', async () => {
      const { model, id, stream } = opened()
      const seen = Promise.withResolvers<void>()
      model.script(
        'in pieces',
        text('first then second', { fragmentSize: 6, holdAfterFragments: 1, holdUntil: seen.promise }),
      )
      const events: string[] = []
      for await (const { event } of stream(id, {
        prompt: 'in pieces',
        includeDeltas: true,
      })) {
        events.push(event)
        // With a proxy that buffers, neither would come before the other.
        if (event === 'delta') seen.resolve()
      }
      expect(events).toContain('delta')
      expect(events.at(-1)).toBe('complete')
    })

    test('events arrive on a stream that stays open', async () => {
      const { id, ask, send } = opened()
      const leaving = new AbortController()
      const following = await send('GET', `/sessions/${id}/events`, undefined, { signal: leaving.signal })
      expect((await ask(id, 'What is 6 times 7?')).status).toBe(200)
      for await (const { event } of parseFrames(following)) if (event === 'turn.completed') break
      leaving.abort()
    })

    test('a client that leaves is noticed', async () => {
      const { id, stream, call } = opened()
      const prompt = { prompt: 'Count slowly to 1000', includeDeltas: true, onDisconnect: 'interrupt' }
      for await (const { event } of stream(id, prompt)) if (event === 'delta') break
      await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'idle')
      expect((await call('GET', `/sessions/${id}/turns`)).body.turns.at(-1).status).toBe('interrupted')
    })

    test('uploads pass whole, and the server refuses what is too large', async () => {
      const { id, send } = opened()
      const path = `/sessions/${id}/attachments?name=notes.txt`
      const upload = (bytes: Uint8Array<ArrayBuffer>) =>
        send('POST', path, undefined, { body: bytes, headers: { 'content-type': 'text/plain' } })
      const notes = new Uint8Array(3 * 1024 * 1024).fill(97)
      const { attachmentId } = (await (await upload(notes)).json()) as { attachmentId: string }
      const content = await send('GET', `${path.replace(/\?.*/, '')}/${attachmentId}`)
      expect(Buffer.from(await content.arrayBuffer()).equals(notes)).toBe(true)
      const refused = await upload(new Uint8Array(maxUploadBytes + 1))
      expect(refused.status).toBe(413)
      expect(await refused.json()).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE' } })
    })

    test('a WebSocket is opened, and the official client of ACP prompts over it', async () => {
      const { url, cwd } = opened()
      const stream = createWebSocketStream(`${url.replace('http', 'ws')}/api/v1/doors/acp`, {
        headers: { authorization: `Bearer ${apiKey}` },
        WebSocket: WebSocket as never,
      })
      const acp = await connectAcp(`${url}/api/v1`, { stream })
      const { sessionId } = await acp.open(cwd)
      expect(await acp.prompt(sessionId, 'What is 6 times 7?')).toMatchObject({ stopReason: 'end_turn' })
    })

    test('the console logs in at its own path', async () => {
      const { url } = opened()
      const headers = {
        host: 'claude.example.com',
        origin: 'https://claude.example.com',
        'content-type': 'application/json',
      }
      const login = await sendRaw(`${url}/console/session`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ key: apiKey }),
      })
      expect([login.status, login.text]).toEqual([201, expect.stringContaining('csrfToken')])
    })

    test('links lead to the public address, and a foreign name of the host is refused', async () => {
      const { id, ask, url } = opened()
      const { body } = await ask(id, 'What is 6 times 7?', { background: true })
      expect(body.eventsUrl).toMatch(`${publicUrl}/sessions/`)
      const authorization = `Basic ${Buffer.from(`x:${apiKey}`).toString('base64')}`
      const open = (host: string, more = {}) =>
        sendRaw(`${url}/api/v1/docs`, { headers: { host, authorization, ...more } })
      expect((await open('claude.example.com')).status).toBe(200)
      expect((await open('evil.example')).status).toBe(421)
      // Headers that only a proxy may send are dropped, or this one would be refused as well.
      expect((await open('claude.example.com', { 'x-forwarded-host': 'evil.example' })).status).toBe(200)
    })
  })
}

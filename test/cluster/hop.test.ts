import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { digestOf, type Envelope, envelopeHeader, sealEnvelope } from '../../src/cluster/hop/envelope.ts'
import { HopListener } from '../../src/cluster/hop/hop-listener.ts'
import { refusalHeader } from '../../src/cluster/hop/refusal.ts'
import type { Membership } from '../../src/cluster/membership.ts'
import type { Ownership } from '../../src/cluster/ownership.ts'
import { endsLater } from '../support/lifetime.ts'

const secret = 'secret-of-the-nodes-in-these-tests'
const owner = 'life-of-the-owner'
const front = 'life-of-the-front'

interface Sent {
  envelope?: Partial<Envelope>
  /** How far the time of the signature is from that of the sending, in milliseconds. */
  shiftMs?: number
  /** Replaces the whole header. */
  header?: string | undefined
  secret?: string
  method?: string
  path?: string
  body?: string
  /** Sent instead of the body that is signed. */
  otherBody?: string
}

async function openListener(given: { mayAct?: boolean; owns?: (sessionId: string) => boolean } = {}) {
  const answered: { url: string | undefined; body: string; caller: string | undefined }[] = []
  const members = {
    id: owner,
    find: (id: string) => (id === front ? {} : undefined),
    refresh: async () => {},
  }
  const listener = new HopListener({
    secret,
    membership: members as unknown as Membership,
    ownership: { claim: async (_: string, id: string) => given.owns?.(id) ?? true } as unknown as Ownership,
    mayAct: () => given.mayAct ?? true,
    faults: { warn() {}, error() {} },
    maxBodyBytes: 1_000,
    tls: undefined,
    answer: (req, res) => {
      const { rawBody } = req as unknown as { rawBody: Buffer }
      const caller = listener.arrivalOf(req)?.caller?.keyId
      answered.push({ url: req.url, body: rawBody.toString(), caller })
      res.end('done')
    },
  })
  endsLater(() => listener.close())
  const port = await listener.open({ host: '127.0.0.1', port: 0 })
  const seal = ({
    envelope,
    shiftMs = 0,
    secret: other = secret,
    method = 'POST',
    path = '/x',
    body = '',
  }: Sent) =>
    sealEnvelope(
      {
        ...{ from: front, to: owner, at: Date.now() + shiftMs, nonce: randomUUID(), method, path },
        digest: digestOf(Buffer.from(body)),
        caller: {
          ...{ tenantId: 'a', keyId: 'key', name: null, scopes: [], sessionId: null },
          ...{ isOperator: false, expiresAt: null },
        },
        session: { tenantId: 'a', id: 'session', need: 'owner' },
        ...{ address: '192.0.2.1', base: '/api/v1', isRepeated: false },
        ...envelope,
      },
      other,
    )
  const send = (sent: Sent) => {
    const header = 'header' in sent ? sent.header : seal(sent)
    const { method = 'POST', path = '/x', body = '', otherBody = body } = sent
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; refused: unknown }>()
    const req = request(
      { host: '127.0.0.1', port, method, path, headers: { 'content-length': Buffer.byteLength(otherBody) } },
      res => {
        res.resume()
        res.once('close', () => resolve({ status: res.statusCode ?? 0, refused: res.headers[refusalHeader] }))
      },
    )
    if (header !== undefined) req.setHeader(envelopeHeader, header)
    req.once('error', reject)
    req.end(otherBody)
    return promise
  }
  return { send, seal, answered, listener }
}

const done = { status: 200, refused: undefined }

describe('the address for other nodes', () => {
  test('answers what a living node has signed for it, with the caller that it has identified', async () => {
    const { send, answered } = await openListener()
    expect(await send({ path: '/sessions/a?b=c', body: '{"prompt":"hello"}' })).toEqual(done)
    expect(answered).toEqual([{ url: '/sessions/a?b=c', body: '{"prompt":"hello"}', caller: 'key' }])
  })

  const late = 40_000
  test.each<[string, Sent, number, string]>([
    ['no signature', { header: undefined }, 403, 'unsigned'],
    ['a signature with another secret', { secret: 'another-secret-of-the-same-length!' }, 403, 'unsigned'],
    ['no facts', { header: '.' }, 403, 'unsigned'],
    ['a signature of nothing', { header: 'e30.' }, 403, 'unsigned'],
    ['another body', { body: 'signed', otherBody: 'forged' }, 403, 'unsigned'],
    ['another path', { envelope: { path: '/y' } }, 403, 'unsigned'],
    ['another query', { path: '/x?tenant=b', envelope: { path: '/x?tenant=a' } }, 403, 'unsigned'],
    ['another method', { envelope: { method: 'DELETE' } }, 403, 'unsigned'],
    ['an old signature', { shiftMs: -late }, 403, 'too_old'],
    ['a signature of the future', { shiftMs: late }, 403, 'too_old'],
    ['a node that does not live', { envelope: { from: 'life-that-is-over' } }, 403, 'unknown_node'],
    ['another life of this node', { envelope: { to: 'life-before' } }, 421, 'elsewhere'],
    ['a body beyond the bound', { body: 'x'.repeat(1_001) }, 403, 'unsigned'],
    ['facts that are not of the form', { envelope: { caller: { tenantId: 'b' } as never } }, 403, 'unsigned'],
  ])('%s is refused', async (_, sent, status, refused) => {
    const { send, answered } = await openListener()
    expect(await send(sent)).toEqual({ status, refused })
    expect(answered).toEqual([])
  })

  test('a write comes once; a read may come again', async () => {
    const { send, seal, answered } = await openListener()
    const write = seal({})
    const read = seal({ method: 'GET' })
    expect(await send({ header: write })).toEqual(done)
    expect(await send({ header: write })).toEqual({ status: 403, refused: 'repeated' })
    expect(await send({ header: read, method: 'GET' })).toEqual(done)
    expect(await send({ header: read, method: 'GET' })).toEqual(done)
    expect(answered).toHaveLength(3)
  })

  test('a session of another node, and any while this node gives its sessions back, are not begun', async () => {
    const { send, answered, listener } = await openListener({ owns: id => id === 'mine' })
    const of = (id: string) => ({ envelope: { session: { tenantId: 'a', id, need: 'owner' as const } } })
    expect(await send(of('theirs'))).toEqual({ status: 421, refused: 'elsewhere' })
    expect(await send(of('mine'))).toEqual(done)
    listener.drain()
    expect(await send(of('mine'))).toEqual({ status: 503, refused: 'draining' })
    const dead = await openListener({ mayAct: false })
    expect(await dead.send({})).toEqual({ status: 503, refused: 'draining' })
    expect([answered.length, dead.answered.length]).toEqual([1, 0])
  })
})

import { gzipSync } from 'node:zlib'
import type { Operation } from '../../src/contract/operation.ts'
import { getOperation, type OperationId } from '../../src/contract/operations.ts'
import { awkwardText, generate, type Random, toSchema } from './fuzz-values.ts'

export interface FuzzRequest {
  id: OperationId
  method: string
  path: string
  headers: Record<string, string>
  body: Buffer | undefined
}

/** Ids of things that are there, by the name of the parameter. */
export type KnownIds = Record<string, string>

/** A request to the operation: mostly well formed, often wrong somewhere. */
export function toFuzzRequest(id: OperationId, ids: KnownIds, key: string, rng: Random): FuzzRequest {
  const operation: Operation = getOperation(id)
  const path = operation.path.replace(/:(\w+)/g, (_, name: string) => toSegment(ids[name], rng))
  const query = toQuery(operation, rng)
  const headers: Record<string, string> = { 'x-api-key': key }
  for (const [name, values] of Object.entries(headerChoices)) {
    if (rng.chance(0.02)) headers[name] = rng.pick(values)
  }
  const body = toBody(id, operation, headers, rng)
  const method = rng.chance(0.01) ? rng.pick(['head', 'options', 'post', 'delete']) : operation.method
  return { id, method: method.toUpperCase(), path: query ? `${path}?${query}` : path, headers, body }
}

const headerChoices: Record<string, [string, ...string[]]> = {
  'idempotency-key': ['k1', 'k2', 'é', 'a b', 'x'.repeat(300)],
  'last-event-id': ['0', '3', '-1', '1e3', '9'.repeat(30), 'x'],
  'if-match': ['*', '"x"', 'W/"x"', ',,,', '"'.repeat(500)],
  'if-none-match': ['*', '"x"', '"a", "b"'],
  range: ['bytes=0-1', 'bytes=-1', 'bytes=5-2', 'bytes=0-0,1-1', `bytes=${'0-0,'.repeat(500)}`, 'lines=1-2'],
  'content-range': ['bytes 0-1/2'],
  accept: ['text/event-stream', 'application/xml', '*/*;q=0'],
  origin: ['http://evil.example', 'null', 'http://127.0.0.1'],
  'x-request-id': ['ok', 'with space', 'x'.repeat(200)],
  'x-forwarded-host': ['evil.example'],
  'x-forwarded-prefix': ['//evil.example', '/x', '"><script>'],
  'x-http-method-override': ['DELETE'],
  'transfer-encoding': ['chunked'],
  expect: ['100-continue'],
  'x-api-key': ['wrong', ''],
  cookie: ['a=b; c=d'],
}

function toSegment(known: string | undefined, rng: Random): string {
  if (known !== undefined && rng.chance(0.9)) return rng.chance(0.02) ? known.toUpperCase() : known
  const raw = rng.pick(['%', '%zz', '%c0%af', '%00', '..', '.', '%2e%2e', '%ff'])
  return rng.chance(0.3) ? raw : encodeURIComponent(awkwardText(rng).toWellFormed()).slice(0, 2_000) || 'x'
}

function toQuery({ query }: Operation, rng: Random): string {
  const given = query ? generate(toSchema(query), rng) : {}
  const pairs = Object.entries(typeof given === 'object' && given !== null ? given : {}).map(
    ([name, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `${encode(name)}=${encode(text).slice(0, 4_000)}`
    },
  )
  if (rng.chance(0.02)) pairs.push(rng.pick(['path=%ff', '%', 'a[b][c]=1', 'limit=1&limit=2', '=', '&&&']))
  // Node itself refuses heads of more than 16 KiB.
  return pairs.join('&').slice(0, 8_000)
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function toBody(
  id: OperationId,
  operation: Operation,
  headers: Record<string, string>,
  rng: Random,
): Buffer | undefined {
  if (operation.upload !== null) {
    headers['content-type'] = rng.pick([
      'text/plain',
      'application/octet-stream',
      'image/png',
      'application/json',
    ])
    return Buffer.from(awkwardText(rng))
  }
  if (!operation.body) {
    if (operation.method === 'post' && rng.chance(0.95)) headers['content-type'] = 'application/json'
    return rng.chance(0.02) ? Buffer.from('{}') : undefined
  }
  if (rng.chance(0.02)) {
    headers['content-type'] = 'application/json'
    return undefined
  }
  headers['content-type'] = rng.chance(0.97)
    ? 'application/json'
    : rng.pick([
        'text/plain',
        'application/json; charset=utf-16',
        'application/json; charset=latin1',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/json, application/json',
      ])
  if (rng.chance(0.03)) return rng.pick(rawBodies)
  const value = tame(id, generate(toSchema(operation.body), rng))
  const text = JSON.stringify(value) ?? 'null'
  if (rng.chance(0.01)) {
    headers['content-encoding'] = rng.pick(['gzip', 'br', 'x'])
    return rng.chance(0.5) ? gzipSync(text) : Buffer.from(text)
  }
  return rng.chance(0.01) ? Buffer.from(text.slice(0, -1)) : Buffer.from(text)
}

const rawBodies: [Buffer, ...Buffer[]] = [
  Buffer.from(''),
  Buffer.from('null'),
  Buffer.from('[1,2'),
  Buffer.from('"text"'),
  Buffer.from('{"a":1}{"b":2}'),
  Buffer.from('{"prompt":"a","prompt":"b"}'),
  Buffer.from('{"__proto__":{"admin":true}}'),
  Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from('\ufeff{}'),
  Buffer.from('{}', 'utf16le'),
  Buffer.from('['.repeat(50_000)),
  Buffer.from('{"a":'.repeat(5_000)),
  Buffer.from(`{${Array.from({ length: 20_000 }, (_, index) => `"f${index}":0`).join(',')}}`),
  Buffer.from(`{"prompt":${'9'.repeat(5_000)}}`),
]

/** Operations that answer when a turn is over: behind one that waits for a person they wait as long as that does. */
export const waitingOperations: ReadonlySet<OperationId> = new Set([
  'sendMessage',
  'retryTurn',
  'compactSession',
])

/** Most of what waits has a bound of its own. */
function tame(id: OperationId, value: unknown): unknown {
  if (!waitingOperations.has(id) || typeof value !== 'object' || value === null || Array.isArray(value))
    return value
  const { timeout = 0 } = value as { timeout?: unknown }
  return {
    ...value,
    timeout: timeout === 0 || (Number.isInteger(timeout) && Number(timeout) > 2_000) ? 2_000 : timeout,
  }
}

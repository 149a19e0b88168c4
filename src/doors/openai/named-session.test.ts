import { expect, test } from 'vitest'
import { ApiError, type ClaudeCodeClient, type CreateSessionRequest } from '../../client/index.ts'
import { deriveId } from '../../lib/derived-id.ts'
import type { CommonRequest, Context } from './common-request.ts'
import { findNamed } from './named-session.ts'

const caller = { tenantId: 'tenant', keyId: 'key' }
const request = { agent: { model: undefined } } as CommonRequest
const nameOf = (generation: number) =>
  deriveId('openai', 'tenant', 'key', 'diary', ...(generation > 0 ? [String(generation)] : []))

/** A server with sessions of the given statuses, by id. */
function openServer(statuses: Map<string, string>) {
  const looks: string[] = []
  const session = (id: string) => {
    const find = async () => {
      looks.push(id)
      const status = statuses.get(id)
      return status === undefined ? undefined : { sessionId: id, status }
    }
    return { id, find, get: find }
  }
  const call = async (_: string, { body }: { body: CreateSessionRequest }) => {
    const { sessionId = '' } = body
    if (statuses.has(sessionId)) {
      throw new ApiError('taken', { code: 'SESSION_ID_TAKEN', status: 409, retryable: false, retry: 'never' })
    }
    statuses.set(sessionId, 'active')
    return { sessionId }
  }
  const client = { session, call } as unknown as ClaudeCodeClient
  const { signal } = new AbortController()
  const context: Context = { client, caller, signal, logFault: () => {} }
  return { find: (name = 'diary') => findNamed(context, request, name), looks, statuses }
}

function withEnded(count: number) {
  return new Map(Array.from({ length: count }, (_, index) => [nameOf(index), 'ended']))
}

test.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 1_000])(
  'a name with %i ended sessions is given to the next one, which is found again',
  async count => {
    const server = openServer(withEnded(count))
    const created = await server.find()
    expect(created).toMatchObject({ session: { id: nameOf(count) }, knowsHistory: false })
    expect(server.looks.length).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(count + 1)))
    const found = await server.find()
    expect(found).toMatchObject({ session: { id: nameOf(count) }, knowsHistory: true })
    expect(found.stored).toMatchObject({ status: 'active' })
    expect(server.statuses.size).toBe(count + 1)
  },
)

test('an id of a session names it also when it has ended', async () => {
  const server = openServer(withEnded(2))
  const found = await server.find(nameOf(0).toUpperCase())
  expect(found).toMatchObject({ session: { id: nameOf(0) }, stored: { status: 'ended' } })
})

test('requests that come at once share the session that the first one creates', async () => {
  const server = openServer(withEnded(3))
  const found = await Promise.all([server.find(), server.find()])
  expect(found.map(({ session }) => session.id)).toEqual([nameOf(3), nameOf(3)])
})

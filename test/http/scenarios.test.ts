import { describe, expect, test } from 'vitest'
import { getOperation, type OperationId, operationIds } from '../../src/contract/operations.ts'
import { createClient } from '../support/client.ts'
import { openSessions, until } from '../support/open-sessions.ts'
import { key, type OpenDoor, openDoor } from './open-door.ts'

/** An operation on a session that has one finished turn, and the ways to get it wrong. */
interface Scenario {
  body?: unknown
  success: number
  /** What the successful answer must look like; streams and pages are looked at elsewhere. */
  answer?: object
  /** Makes what the operation is about; the ids replace those of the session with one finished turn. */
  prepare?: (client: ReturnType<typeof createClient>) => Promise<Record<string, string>>
  /** A request that is wrong in the field named: in the body where there is one, else in the query. */
  wrong: [request: string | object, field: string]
}

/** The compiler has it complete: an operation without a scenario does not build. */
const scenarios: Record<OperationId, Scenario> = {
  createSession: {
    body: {},
    success: 201,
    answer: { status: 'active' },
    wrong: [{ maxTurns: 0 }, 'maxTurns'],
  },
  listSessions: { success: 200, answer: { total: 1, nextCursor: null }, wrong: ['limit=0', 'limit'] },
  getSession: { success: 200, answer: { messageCount: 2 }, wrong: ['a=1', 'a'] },
  patchSession: {
    body: { title: 'new' },
    success: 200,
    answer: { title: 'new' },
    wrong: [{ title: 1 }, 'title'],
  },
  endSession: { success: 204, wrong: ['a=1', 'a'] },
  sendMessage: {
    body: { prompt: 'hi' },
    success: 200,
    answer: { response: 'You said: hi', stopReason: 'end_turn' },
    wrong: [{ prompt: ' ' }, 'prompt'],
  },
  streamMessage: { body: { prompt: 'hi' }, success: 200, wrong: [{ prompt: 'hi', timeout: -1 }, 'timeout'] },
  listMessages: { success: 200, answer: { pagination: { total: 2 } }, wrong: ['offset=-1', 'offset'] },
  followEvents: { success: 200, wrong: ['after=x', 'after'] },
  listTurns: { success: 200, answer: { pagination: { total: 1 } }, wrong: ['limit=abc', 'limit'] },
  getTurn: { success: 200, answer: { status: 'completed' }, wrong: ['a=1', 'a'] },
  interruptSession: {
    body: {},
    success: 200,
    answer: { interrupted: [], cancelled: [] },
    wrong: [{ clearQueue: 'yes' }, 'clearQueue'],
  },
  listAllPermissions: {
    success: 200,
    prepare: askForPermission,
    answer: { permissions: [{ toolName: 'Bash', status: 'pending' }], pagination: { total: 1 } },
    wrong: ['status=open', 'status'],
  },
  listPermissions: {
    success: 200,
    prepare: askForPermission,
    answer: { permissions: [{ toolName: 'Bash', status: 'pending' }], pagination: { total: 1 } },
    wrong: ['status=open', 'status'],
  },
  getPermission: {
    success: 200,
    prepare: askForPermission,
    answer: { kind: 'tool', input: { command: 'make' } },
    wrong: ['a=1', 'a'],
  },
  answerPermission: {
    body: { decision: 'deny', message: 'not now' },
    success: 200,
    prepare: askForPermission,
    answer: { status: 'denied', message: 'not now' },
    wrong: [{ decision: 'perhaps' }, 'decision'],
  },
  listModels: { success: 200, answer: { models: [] }, wrong: ['a=1', 'a'] },
  getHealth: { success: 200, answer: { status: 'healthy' }, wrong: ['a=1', 'a'] },
  getOpenApi: { success: 200, answer: { openapi: '3.1.0' }, wrong: ['a=1', 'a'] },
  getDocs: { success: 200, wrong: ['a=1', 'a'] },
}

/** A session with a turn that waits for a person. */
async function askForPermission({ call, createSession }: ReturnType<typeof createClient>) {
  const sessionId = await createSession({ permissionPrompts: 'ask' })
  const { turnId } = (
    await call('POST', `/sessions/${sessionId}/messages`, { prompt: 'ask', background: true })
  ).body
  const path = `/sessions/${sessionId}/permissions`
  let permissionId = ''
  await until(async () => {
    permissionId = (await call('GET', path)).body.permissions[0]?.permissionId ?? ''
    return permissionId !== ''
  })
  return { sessionId, turnId, permissionId }
}

async function open({
  prepare,
}: Pick<Scenario, 'prepare'> = {}): Promise<
  { door: OpenDoor; ids: Record<string, string> } & AsyncDisposable
> {
  const { sessions } = await openSessions()
  const door = await openDoor({ service: sessions })
  const client = createClient(door.url, key)
  const sessionId = await client.createSession()
  const turnId = (await client.ask(sessionId, 'first')).body.turnId
  const ids = { sessionId, turnId, ...(await prepare?.(client)) }
  return { door, ids, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() }
}

function request(
  door: OpenDoor,
  id: OperationId,
  ids: Record<string, string>,
  given: { query?: string; body?: unknown },
) {
  const { method, path } = getOperation(id)
  // The stream of a session's events ends with the turn that is named.
  const query = [given.query, id === 'followEvents' && !given.query && `turnId=${ids.turnId}`]
    .filter(Boolean)
    .join('&')
  const filled = path.replace(/:(\w+)/g, (_, name) => ids[name] ?? '')
  return door.call(query ? `${filled}?${query}` : filled, {
    method: method.toUpperCase(),
    ...(given.body !== undefined && {
      body: JSON.stringify(given.body),
      headers: { 'content-type': 'application/json' },
    }),
  })
}

describe.each(operationIds)('%s', id => {
  const { body, success, answer, wrong } = scenarios[id]
  const { body: schema } = getOperation(id)

  test(`answers ${success}`, async () => {
    await using opened = await open(scenarios[id])
    const response = await request(opened.door, id, opened.ids, { body })
    expect(response.status).toBe(success)
    expect(response.headers.get('x-request-id')).toMatch(/^\S+$/)
    const text = await response.text()
    if (answer) expect(JSON.parse(text)).toMatchObject(answer)
  })

  test('names the field that is wrong', async () => {
    await using opened = await open(scenarios[id])
    const [given, field] = wrong
    const input = schema ? { body: given } : { query: String(given) }
    const response = await request(opened.door, id, opened.ids, input)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as {
      error: { code: string; details: { issues: { path: string }[] } }
    }
    expect(error.code).toBe('INVALID_REQUEST')
    expect(error.details.issues.map(issue => issue.path)).toEqual([field])
  })
})

describe.each(operationIds.filter(id => getOperation(id).params))('%s', id => {
  test('does not know an unknown id, whatever it looks like', async () => {
    await using opened = await open(scenarios[id])
    for (const unknown of [
      '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      'not-a-uuid',
      "'; drop table sessions",
      '%00',
    ]) {
      const ids = { ...opened.ids, sessionId: encodeURIComponent(unknown) }
      const response = await request(opened.door, id, ids, { body: scenarios[id].body })
      expect(response.status, unknown).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'SESSION_NOT_FOUND' } })
    }
  })
})

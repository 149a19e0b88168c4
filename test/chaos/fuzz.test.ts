import http from 'node:http'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { type ErrorCode, errorCatalogue } from '../../src/contract/errors.ts'
import { errorsByStatus } from '../../src/contract/openapi.ts'
import { getOperation, type OperationId, operationIds } from '../../src/contract/operations.ts'
import { errorResponse } from '../../src/contract/system.ts'
import { key, openDoor } from '../http/open-door.ts'
import { createClient } from '../support/client.ts'
import { type FuzzRequest, type KnownIds, toFuzzRequest, waitingOperations } from '../support/fuzz-request.ts'
import { stormLength } from '../support/lanes.ts'
import { openSessions, temporaryDirectory } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { random } from '../support/random.ts'

const seed = Number(process.env.FUZZ_SEED ?? 1)
const lengths = {
  'a file': stormLength(process.env.FUZZ_REQUESTS, { short: 2_000, long: 3_000 }),
  PostgreSQL: stormLength(process.env.FUZZ_REQUESTS, { short: 500, long: 1_000 }),
}
const callers = 16
/** After so many requests sessions are replaced: what was made of them must not decide about all that follows. */
const requestsPerGeneration = 400
const answerBoundMs = 60_000
/** After this long a caller whose request waits for the turn of somebody else leaves, if there is one. */
const patienceMs = 3_000

/** Codes that come before the operation is known or has a say. */
const codesOfEveryPath: readonly ErrorCode[] = ['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'PAYLOAD_TOO_LARGE']
/** What only our own program says; none of it is for callers. */
const internals =
  /node:internal|\/src\/|\.ts:\d+|SQLITE|postgres|claude_code_api|ZodError|SyntaxError|TypeError|RangeError|at \w+ \(/

/** Node's client refuses some headers itself; the server cuts a request that it refuses while its body still comes. */
const clientErrors = ['ERR_INVALID_CHAR', 'ERR_UNESCAPED_CHARACTERS', 'ECONNRESET', 'EPIPE']

interface Answered {
  status: number
  contentType: string
  text: string
}

/**
 * Sends it on a socket; of a stream that has begun only the beginning is read.
 * @param isBusy whether a turn is there for which it may wait; nothing hangs without one
 * @returns undefined: it waits still, as it may
 */
function send(
  origin: string,
  { id, method, path, headers, body }: FuzzRequest,
  isBusy: () => Promise<boolean>,
): Promise<Answered | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${origin}${path}`, {
      method,
      headers: {
        ...headers,
        ...(body && !headers['transfer-encoding'] && { 'content-length': body.length }),
      },
    })
    const mayWait = waitingOperations.has(id)
    const giveUp = () => request.destroy(new Error(`no answer in ${answerBoundMs} ms`))
    const leave = async () => {
      // A turn that has just ended, or a machine that stood still: the answer is on its way.
      if (!(await isBusy())) return
      resolve(undefined)
      request.destroy()
    }
    const patience = mayWait ? setInterval(() => void leave().catch(reject), patienceMs) : undefined
    const bound = setTimeout(giveUp, answerBoundMs)
    const stopWaiting = () => {
      clearInterval(patience)
      clearTimeout(bound)
    }
    request.once('close', stopWaiting)
    request.on('response', response => {
      const status = response.statusCode ?? 0
      const contentType = response.headers['content-type'] ?? ''
      const chunks: Buffer[] = []
      const settle = () => {
        stopWaiting()
        resolve({ status, contentType, text: Buffer.concat(chunks).toString() })
      }
      if (contentType.startsWith('text/event-stream')) {
        settle()
        request.destroy()
        return
      }
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', settle)
      // A request that is refused before its body has arrived ends its connection.
      response.on('close', settle)
    })
    request.on('error', error => {
      stopWaiting()
      reject(error)
    })
    request.end(body)
  })
}

type Client = ReturnType<typeof createClient>

/** A session with a background task, a turn that waits for a person, an attachment and a file. */
async function makeBusy(client: Client): Promise<KnownIds> {
  const sessionId = await client.createSession({ permissionPrompts: 'ask', permissionMode: 'acceptEdits' })
  const { turnId } = (await client.ask(sessionId, 'task')).body
  await client.ask(sessionId, 'ask', { background: true })
  const { attachmentId } = (await client.call('POST', `/sessions/${sessionId}/attachments`, 'a note')).body
  await client.call('PUT', `/sessions/${sessionId}/files/content?path=note.txt`, 'a note')
  const { permissions } = (await client.call('GET', `/sessions/${sessionId}/permissions`)).body
  const permissionId = permissions[0]?.permissionId ?? turnId
  return { sessionId, turnId, attachmentId, permissionId, taskId: 'task-1', server: 'scripted' }
}

/** A quiet session whose last turn was cancelled. */
async function makeQuiet(client: Client): Promise<KnownIds> {
  const sessionId = await client.createSession()
  await client.ask(sessionId, 'hang', { background: true })
  const { turnId } = (await client.ask(sessionId, 'hello', { background: true })).body
  await client.call('POST', `/sessions/${sessionId}/interrupt`, { clearQueue: true })
  return { ...(await makeBusy(client)), sessionId, turnId }
}

/** What the OpenAPI document says; an unexpected fault has a code of it as well, but would be in the log. */
function allowedCodes(id: OperationId): Set<ErrorCode> {
  return new Set([...codesOfEveryPath, ...[...errorsByStatus(getOperation(id)).values()].flat()])
}

test.each(Object.entries(lengths))(
  'on %s: %i requests over all operations: each is answered as the contract says',
  async (body, total) => {
    const database = body === 'PostgreSQL' ? await createDatabase(inject('postgresDirectory')) : undefined
    onTestFinished(() => database?.drop())
    const { sessions } = await openSessions({
      file: join(temporaryDirectory(), 'store.db'),
      ...(database && { databaseUrl: database.url }),
      maxSessions: 200,
    })
    await using door = await openDoor({ service: sessions, config: { rateLimit: { enabled: false } } })
    const client = createClient(door.url, key)
    const seen = new Map<string, number>()
    const wrong: string[] = []
    let ids: KnownIds[] = []
    let sent = 0

    const renew = async () => {
      const { sessions: old } = (await client.call('GET', '/sessions?limit=200')).body
      await Promise.all(
        old.map(({ sessionId }: { sessionId: string }) => client.call('DELETE', `/sessions/${sessionId}`)),
      )
      ids = await Promise.all([makeBusy(client), makeQuiet(client), makeBusy(client), makeQuiet(client)])
    }
    const check = (request: FuzzRequest, { status, contentType, text }: Answered) => {
      const complain = (what: string) =>
        wrong.push(
          `${what}: ${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.headers).slice(0, 300)} ${request.body?.toString().slice(0, 300)} -> ${status} ${text.slice(0, 400)}`,
        )
      const count = `${request.id} ${status}`
      seen.set(count, (seen.get(count) ?? 0) + 1)
      if (status < 400 || request.method === 'HEAD' || request.method === 'OPTIONS') return
      if (!contentType.startsWith('application/json')) {
        complain('an error that is not JSON')
        return
      }
      const parsed = errorResponse.safeParse(JSON.parse(text))
      if (!parsed.success) {
        complain('an error of another shape')
        return
      }
      const code = parsed.data.error.code as ErrorCode
      if (errorCatalogue[code].status !== status) complain('another status than that of its code')
      const operation = getOperation(request.id)
      const isOwn = request.method === operation.method.toUpperCase()
      if (isOwn && !allowedCodes(request.id).has(code)) complain(`${code} is not of ${request.id}`)
      if (internals.test(text)) complain('an internal text')
      if (text.length > 100_000) complain('a long error')
    }
    const isBusy = async ({ path }: FuzzRequest) =>
      (await client.call('GET', path.replace(/^(\/sessions\/[^/]+).*/s, '$1'))).body.state !== 'idle'
    const sendOne = async () => {
      // Each request is made of its own number: a failure comes again whatever the others do.
      const choices = random(seed * 1_000_003 + sent++)
      const id = operationIds[choices.below(operationIds.length)] as OperationId
      const known = ids[choices.below(ids.length)] ?? {}
      const request = toFuzzRequest(id, known, key, { ...choices, ids: Object.values(known) })
      try {
        const answered = await send(door.url, request, () => isBusy(request))
        if (answered) check(request, answered)
      } catch (error) {
        const { code = '', message } = error as NodeJS.ErrnoException
        if (!clientErrors.includes(code))
          wrong.push(`${message}: ${request.method} ${request.path.slice(0, 200)}`)
      }
    }
    while (sent < total && wrong.length < 20) {
      await renew()
      const until = Math.min(total, sent + requestsPerGeneration)
      const generation = async () => {
        while (sent < until && wrong.length < 20) await sendOne()
      }
      await Promise.all(Array.from({ length: callers }, generation))
    }
    expect(wrong, `seed ${seed}`).toEqual([])
    expect(sent).toBe(total)
    // The line of a request that was refused with a status of the server is no fault.
    const faults = door.lines.filter(({ level, msg }) => Number(level) >= 50 && msg !== 'request')
    expect(faults, `seed ${seed}`).toEqual([])
    // Every operation was reached and has succeeded.
    if (total >= 20_000) {
      const succeeded = operationIds.filter(id => [...seen.keys()].some(count => count.startsWith(`${id} 2`)))
      expect(succeeded).toEqual(operationIds)
    }
    const id = await client.createSession()
    expect((await client.ask(id, 'still there')).body.response).toBe('You said: still there')
    expect((await client.call('GET', '/health')).body.status).toBe('healthy')
  },
  25 * 60_000,
)

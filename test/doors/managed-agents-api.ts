import { apiBase, type DoorExchange } from '../../src/contract/doors.ts'
import type { OperationId } from '../../src/doors/managed-agents/operations.ts'
import { program } from '../../src/doors/managed-agents/program.ts'
import { parseFrames } from '../support/client.ts'

type Json = Record<string, unknown>

export const sessionId = '00000000-0000-4000-8000-000000000001'
const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString()
const tokens = { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4 }

/** A made-up API with one session, whose log a test writes. */
export class FakeApi {
  /** The requests, as in `GET /turns?limit=1`; those about the session without its id. */
  readonly requests: string[] = []
  /** Requests that the caller may not make, as in `GET /turns`. */
  readonly forbidden = new Set<string>()
  /** Sessions that only lists have, and presets or versions, as in `reviewer@2`, that were removed. */
  readonly forgotten = new Set<string>()
  readonly log: { type: string; data: Json }[] = []
  readonly turns: Json[] = []
  readonly sessions: Json[] = []
  readonly presets: Json[] = []
  readonly permissions: Json[] = []
  readonly session: Json = {
    ...{ sessionId, status: 'active', state: 'idle', title: null, tags: ['managed-agents'], archived: false },
    ...{ createdAt: at(0), lastActivity: at(0), costUsd: 0, preset: null, lastTurn: null, openRequests: 0 },
    metadata: { managedAgents: { environmentId: 'env_656e762d78', environmentType: 'cloud', metadata: {} } },
    config: { model: 'sonnet', appendSystemPrompt: null, maxTurns: null },
  }
  /** The body of the newest request for a session. */
  made: Json = {}
  /** Is called when a stream has had the past; it has the events that are added then too. */
  onCaughtUp = () => {}

  #write(type: string, fields: Json): void {
    const sequence = this.log.length + 1
    this.log.push({ type, data: { sessionId, sequence, timestamp: at(sequence), ...fields } })
  }

  #turn(turnId: string): Json {
    return this.turns.find(turn => turn.turnId === turnId) ?? {}
  }

  queue(...turnIds: string[]): void {
    for (const turnId of turnIds) {
      this.#write('turn.queued', { turnId, status: 'queued' })
      const [firstSequence, prompt] = [this.log.length, `Prompt of ${turnId}`]
      const open = { startedAt: null, endedAt: null, durationMs: null, lastSequence: firstSequence }
      this.turns.push({
        turnId,
        prompt,
        status: 'queued',
        usage: null,
        costUsd: null,
        firstSequence,
        ...open,
      })
      this.#tell({ turnId, status: 'queued', endedAt: null })
    }
  }

  start(turnId: string): void {
    this.#write('turn.started', { turnId, status: 'running' })
    Object.assign(this.#turn(turnId), { status: 'running', startedAt: at(this.log.length) })
    this.message({ type: 'user', message: { content: `Prompt of ${turnId}` } }, turnId)
    this.#tell({ turnId, status: 'running', endedAt: null })
  }

  say(text: string, turnId?: string, messageId = `msg_${this.log.length}`): void {
    const content = [{ type: 'text', text }]
    this.message({ type: 'assistant', message: { id: messageId, content } }, turnId)
  }

  message(message: Json, turnId?: string): void {
    this.#write('message', { type: 'claude_code_message', message, ...(turnId !== undefined && { turnId }) })
    if (turnId !== undefined) this.#turn(turnId).lastSequence = this.log.length
  }

  /** @param isHidden the call is that of a subagent, whose messages are not shown */
  ask(
    turnId: string,
    toolUseId: string,
    name = 'weather',
    { kind = 'client_tool', isHidden = false }: { kind?: string; isHidden?: boolean } = {},
  ): void {
    const call = { type: 'tool_use', id: toolUseId, name: `mcp__client__${name}`, input: {} }
    const said = { type: 'assistant', message: { id: `msg_${toolUseId}`, content: [call] } }
    if (!isHidden) this.message(said, turnId)
    const request = { ...{ permissionId: `for-${toolUseId}`, turnId, toolUseId }, status: 'pending' }
    const fields = { kind, toolName: name, input: {}, message: null, decidedAt: null }
    this.permissions.push({ ...request, ...fields })
    this.#write('permission.requested', { ...request, ...fields })
  }

  withdraw(toolUseId: string, turnId: string): void {
    const request = this.permissions.find(one => one.toolUseId === toolUseId)
    this.#write('permission.resolved', Object.assign(request ?? {}, { turnId, status: 'withdrawn' }))
  }

  end(turnId: string, type = 'turn.completed', durationMs = 1_000): void {
    const status = type.slice('turn.'.length)
    const facts = { status, usage: tokens, costUsd: 0.01, durationMs, stopReason: 'end_turn', error: null }
    this.#write(type, { turnId, ...facts })
    const turn = this.#turn(turnId)
    Object.assign(turn, { endedAt: at(this.log.length), lastSequence: this.log.length })
    Object.assign(turn, turn.startedAt === null ? { status } : facts)
    this.#tell({ turnId, status, endedAt: at(this.log.length) })
  }

  run(...turnIds: string[]): void {
    for (const turnId of turnIds) {
      this.queue(turnId)
      this.start(turnId)
      this.say(`Answer of ${turnId}`, turnId)
      this.end(turnId)
    }
  }

  #tell(lastTurn: Json): void {
    const isNewest = this.turns.at(-1)?.turnId === lastTurn.turnId
    if (isNewest) this.session.lastTurn = lastTurn
    this.session.state = this.turns.some(({ endedAt }) => endedAt === null) ? 'running' : 'idle'
  }

  readonly fetch: typeof fetch = async (url, init) => {
    const { pathname, searchParams } = new URL(String(url))
    const path = pathname.replace(`/sessions/${sessionId}`, '')
    const name = `${init?.method} ${path || '/'}`
    this.requests.push(`${name}${searchParams.size > 0 ? `?${searchParams}` : ''}`)
    if (this.forbidden.has(name)) return fail(403, 'FORBIDDEN')
    const of = (list: readonly Json[]) => {
      const [limit, cursor] = [Number(searchParams.get('limit')), searchParams.get('cursor')]
      const offset = Number(cursor ?? searchParams.get('offset') ?? 0)
      const items = list.slice(offset, offset + limit)
      const end = offset + items.length
      return { items, nextCursor: end < list.length ? String(end) : null, total: list.length }
    }
    switch (name) {
      case 'POST /sessions':
        this.made = JSON.parse(String(init?.body))
        return Response.json({ sessionId }, { status: 201 })
      case 'GET /':
        return Response.json({ ...this.session, lastSequence: this.log.length })
      case 'DELETE /':
        return new Response(null, { status: 204 })
      case 'GET /sessions': {
        const { items, nextCursor, total } = of(this.sessions)
        return Response.json({ sessions: items, nextCursor, total })
      }
      case 'GET /presets': {
        const { items, ...pagination } = of(this.presets)
        return Response.json({ presets: items, pagination })
      }
      case 'GET /turns': {
        const { items, ...pagination } = of(this.turns)
        return Response.json({ turns: items, pagination })
      }
      case 'GET /usage':
        return Response.json(this.#sum())
      case 'GET /permissions':
        return Response.json({ permissions: this.permissions.filter(({ status }) => status === 'pending') })
      case 'POST /interrupt': {
        const running = this.turns.filter(({ status }) => status === 'running')
        return Response.json({ interrupted: running.map(({ turnId }) => turnId), cancelled: [] })
      }
      case 'POST /messages':
        return Response.json({ turnId: 'new' }, { status: 202 })
      case 'GET /events':
        return this.#follow(Number(searchParams.get('after')))
    }
    if (path.startsWith('/turns/')) return Response.json(this.#turn(path.slice('/turns/'.length)))
    if (path.startsWith('/permissions/')) return Response.json({ decidedAt: at(0) })
    if (path.startsWith('/presets/')) {
      const found = path.slice('/presets/'.length)
      const version = `${found}@${searchParams.get('version')}`
      return this.forgotten.has(found) || this.forgotten.has(version)
        ? fail(404, 'PRESET_NOT_FOUND')
        : Response.json(preset(found))
    }
    const summary = this.sessions.find(session => path === `/sessions/${session.sessionId}`)
    if (this.forgotten.has(path.slice('/sessions/'.length))) return fail(404, 'SESSION_NOT_FOUND')
    if (summary) return Response.json({ ...this.session, ...summary })
    throw new Error(`Unexpected request: ${name}`)
  }

  #sum(): Json {
    const begun = this.turns.filter(({ startedAt }) => startedAt !== null)
    const sum = (read: (turn: Json) => unknown) =>
      begun.reduce((before, turn) => before + (Number(read(turn)) || 0), 0)
    const names = Object.keys(tokens) as (keyof typeof tokens)[]
    const none = Object.fromEntries(names.map(name => [name, 0]))
    return {
      turns: begun.length,
      activeMs: sum(({ durationMs, startedAt }) => durationMs ?? Date.now() - Date.parse(String(startedAt))),
      tokens: Object.fromEntries(
        names.map(name => [name, sum(({ usage }) => (usage as Json | null)?.[name])]),
      ),
      costUsd: sum(({ costUsd }) => costUsd),
      betweenTurns: { times: 0, activeMs: 0, tokens: none, costUsd: 0 },
    }
  }

  #follow(after: number): Response {
    const past = this.log.slice(after)
    const caughtUp = { type: 'caught_up', data: { sequence: this.log.length } }
    this.onCaughtUp()
    const live = this.log.slice(caughtUp.data.sequence)
    const text = [...past, caughtUp, ...live].map(({ type, data }) => {
      const id = type === 'caught_up' ? '' : `id: ${data.sequence}\n`
      return `${id}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
    })
    // It stays open.
    const body = new ReadableStream<Uint8Array>({
      start: controller => controller.enqueue(new TextEncoder().encode(text.join(''))),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  /** The body of a response of the door. */
  async json(id: OperationId, sent?: Sent): Promise<Answer> {
    return (await (await this.send(id, sent)).json()) as Answer
  }

  /** The events of a stream, up to the first of a type. */
  async stream(until: string, headers: Record<string, string> = {}): Promise<Answer['data']> {
    const leaving = new AbortController()
    const response = await this.send('streamEvents', { headers, signal: leaving.signal })
    const events: Answer['data'] = []
    for await (const { event, data } of parseFrames(response)) {
      if (event !== 'message') throw new Error(`Old clients drop ${event}`)
      events.push(data as Answer['data'][number])
      if (data.type === until) break
    }
    leaving.abort()
    return events
  }

  /** Sends a request to the door. */
  send(
    id: OperationId,
    { path = '', body, params = {}, headers = {}, signal }: Sent = {},
  ): Promise<Response> {
    const method = body === undefined ? 'GET' : 'POST'
    const init = {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }
    const exchange: DoorExchange = {
      request: new Request(`${apiBase}/${path}`, init),
      params: { session: `sesn_${sessionId.replaceAll('-', '')}`, ...params },
      caller: { tenantId: 'tenant', keyId: 'key' },
      requestId: 'request',
      fetch: this.fetch,
      logFault: error => {
        throw error
      },
    }
    return program.answer(id, exchange)
  }
}

interface Answer {
  data: (Json & { id: string; type: string })[]
  next_page: string | null
  usage: Json
  agent?: Json
}

interface Sent {
  /** The query, with its question mark. */
  path?: string
  body?: unknown
  params?: Record<string, string>
  headers?: Record<string, string>
  signal?: AbortSignal
}

export function preset(name: string): Json {
  const made = { version: 1, description: null, archived: false, archivedAt: null, createdAt: at(0) }
  return { name, ...made, metadata: {}, configuration: { model: 'sonnet' } }
}

export function summary(index: number, fields: Json = {}): Json {
  return { ...fields, sessionId: `${sessionId.slice(0, -4)}${1_000 + index}` }
}

function fail(status: number, code: string): Response {
  const error = { code, message: code, details: {}, retryable: false, retry: 'never' }
  return Response.json({ error, requestId: 'r' }, { status })
}

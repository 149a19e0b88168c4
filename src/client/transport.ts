import { Backoff, mayRepeat, type RetryOptions } from './backoff.ts'
import { ApiError, ConnectionError, readError } from './errors.ts'
import { type OperationId, type Operations, type Route, routes } from './generated-api.ts'
import { within } from './waiting.ts'

export interface ClientOptions extends RetryOptions {
  /** The address of the API, such as `http://127.0.0.1:3050/api/v1`; in a page also a path. */
  baseUrl: string
  /** Is sent as a bearer token. */
  apiKey?: string | undefined
  /** Headers of every request, such as those that a proxy wants. */
  headers?: Record<string, string> | (() => Record<string, string>) | undefined
  /** Takes the place of the global `fetch`. */
  fetch?: typeof fetch | undefined
  /**
   * Within how many milliseconds a response must begin, and its JSON be complete; operations that wait for Claude may
   * begin later. 0: no bound. Default: 60 s.
   */
  timeoutMs?: number | undefined
  /** After how many silent milliseconds a stream counts as broken; the server sends a comment every 15 s. Default: 45 s. */
  silenceMs?: number | undefined
}

export interface CallOptions extends RetryOptions {
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
}

const defaultTimeoutMs = 60_000

/** The parts of an operation's request. */
export type OperationInput<Id extends OperationId> = Omit<Operations[Id], 'response'>

interface Parts {
  params?: Record<string, string>
  query?: Record<string, unknown>
  headers?: Record<string, string | undefined>
  body?: unknown
}

/** Operations that may take as long as Claude or a clone does. */
const unbounded: ReadonlySet<OperationId> = new Set([
  'createSession',
  'forkSession',
  'sendMessage',
  'streamMessage',
  'retryTurn',
  'compactSession',
])
const idempotencyHeader = 'Idempotency-Key'
/** Operations that take an idempotency key. */
const keyed: ReadonlySet<OperationId> = new Set([
  'createSession',
  'forkSession',
  'sendMessage',
  'streamMessage',
  'retryTurn',
  'createPreset',
  'createPresetVersion',
])

/** Operations of which the server carries out the first request only, also without a key. */
const once: ReadonlySet<OperationId> = new Set(['answerPermission'])

/** Sends the requests of a client. */
export class Transport {
  readonly options: ClientOptions
  readonly #base: string

  constructor(options: ClientOptions) {
    this.options = options
    this.#base = options.baseUrl.replace(/\/+$/, '')
  }

  /**
   * Calls an operation, again where that is safe and the error says that it can help. Requests that take an
   * idempotency key get one for all attempts.
   */
  async call<Id extends OperationId>(
    id: Id,
    input: OperationInput<Id>,
    options: CallOptions = {},
  ): Promise<Operations[Id]['response']> {
    const parts = keyed.has(id) ? withKey(input as Parts) : (input as Parts)
    const isSafe = keyed.has(id) || once.has(id) || !/^(POST|PATCH)$/.test(routes[id].method)
    const backoff = new Backoff({ ...this.options, ...definedOf(options) })
    for (;;) {
      try {
        return (await this.#attempt(id, parts, options)) as Operations[Id]['response']
      } catch (error) {
        // A stream of bytes has been read by the first attempt.
        if (parts.body instanceof ReadableStream || !mayRepeat(error, isSafe)) throw error
        await backoff.wait(error, options.signal)
      }
    }
  }

  /** Sends one request. Resolves when the headers of a successful response have come. */
  async send(id: OperationId, parts: Parts, { signal, timeoutMs }: CallOptions = {}): Promise<Response> {
    signal?.throwIfAborted()
    const route = routes[id]
    const [url, init] = this.#describe(route, parts)
    const late = new AbortController()
    const bound = timeoutMs ?? (unbounded.has(id) ? 0 : (this.options.timeoutMs ?? defaultTimeoutMs))
    const message = `No response within ${bound} ms`
    const timer = bound > 0 ? setTimeout(() => late.abort(new ConnectionError(message)), bound) : undefined
    try {
      const stop = AbortSignal.any([late.signal, ...(signal ? [signal] : [])])
      const response = await (this.options.fetch ?? globalThis.fetch)(url, { ...init, signal: stop })
      if (route.statuses.includes(response.status)) return response
      throw await readError(response)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof ApiError) throw error
      throw late.signal.aborted ? late.signal.reason : toConnectionError(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Fails at once on input that no server could get. */
  #describe(route: Route, { params = {}, query = {}, headers = {}, body }: Parts): [string, RequestInit] {
    const { apiKey, headers: given = {} } = this.options
    const hasBytes = isBytes(body)
    const type = hasBytes ? 'application/octet-stream' : 'application/json'
    const init = {
      method: route.method,
      headers: {
        // The API wants the type of a POST even without a body.
        ...((body !== undefined || route.method === 'POST') && { 'Content-Type': type }),
        ...(apiKey !== undefined && { Authorization: `Bearer ${apiKey}` }),
        ...(typeof given === 'function' ? given() : given),
        ...(definedOf(headers) as Record<string, string>),
      },
      ...(body !== undefined && {
        body: hasBytes ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body),
      }),
      ...(body instanceof ReadableStream && { duplex: 'half' as const }),
      // The API never redirects; the key must not go elsewhere.
      redirect: 'error' as const,
    }
    return [`${this.#base}${fillPath(route.path, params)}${toQuery(query)}`, init]
  }

  async #attempt(id: OperationId, parts: Parts, options: CallOptions): Promise<unknown> {
    const response = await this.send(id, parts, options)
    const { answer } = routes[id]
    const isJson = response.headers.get('content-type')?.includes('json')
    if (answer === 'raw' || (answer === 'either' && !isJson)) return response
    if (response.status === 204) return undefined
    try {
      const bound = options.timeoutMs ?? this.options.timeoutMs ?? defaultTimeoutMs
      return await within(response.json(), bound, `The response was not complete within ${bound} ms`)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw toConnectionError(error)
    }
  }
}

/** A new `Idempotency-Key`: 128 random bits. Pages that were not loaded over https have no `randomUUID`. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), part => part.toString(36)).join('-')
}

function withKey(parts: Parts): Parts {
  const given = parts.headers?.[idempotencyHeader]
  return { ...parts, headers: { ...parts.headers, [idempotencyHeader]: given ?? newIdempotencyKey() } }
}

function fillPath(path: string, params: Record<string, string>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name]
    // A URL resolves dots, and the request would reach another operation.
    if (typeof value !== 'string' || /^\.{0,2}$/.test(value) || !isWellFormed(value)) throw notAnId(name)
    return encodeURIComponent(value)
  })
}

/** Half of a surrogate pair has no encoding. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

function notAnId(name: string): ApiError {
  const message = `${name}: must be an id`
  const details = { issues: [{ path: name, message: 'must be an id' }] }
  return new ApiError(message, {
    code: 'INVALID_REQUEST',
    status: 400,
    details,
    retryable: false,
    retry: 'never',
  })
}

function toQuery(query: Record<string, unknown>): string {
  const text = new URLSearchParams(
    Object.entries(definedOf(query)).flatMap(([name, value]) =>
      [value].flat().map((item): [string, string] => [name, String(item)]),
    ),
  ).toString()
  return text === '' ? '' : `?${text}`
}

function isBytes(body: unknown): boolean {
  if (typeof body === 'string') return true
  return [Blob, ArrayBuffer, ReadableStream].some(type => body instanceof type) || ArrayBuffer.isView(body)
}

function definedOf(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function toConnectionError(error: unknown): ConnectionError {
  const { message, cause } = error as { message?: string; cause?: { message?: string } }
  return new ConnectionError([message, cause?.message].filter(Boolean).join(': '), { cause: error })
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import { pino } from 'pino'
import { AuditTrail } from '../../src/access/audit/audit-trail.ts'
import { Callers } from '../../src/access/callers.ts'
import { configuredKeys } from '../../src/access/configured-keys.ts'
import { TokenCallers } from '../../src/access/tokens/token-callers.ts'
import { ClientMessage } from '../../src/app/client-message.ts'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { upgradeThrough } from '../../src/http/doors/upgrades.ts'
import type { HttpDeps } from '../../src/http/options.ts'
import { createRouter, type HttpDoor } from '../../src/http/router.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import type { SessionService } from '../../src/sessions/ports/session-service.ts'
import { type Caller, operator } from '../../src/sessions/records.ts'
import { openKeys } from '../support/open-keys.ts'

export const key = 'Key-for-Tests-1'

export interface OpenDoor extends AsyncDisposable {
  /** Address of the mount path. */
  url: string
  origin: string
  door: HttpDoor
  app: Express
  /** Lines of the log, parsed. */
  lines: Record<string, unknown>[]
  /** Sends a request with the key. */
  call(path: string, init?: RequestInit): Promise<Response>
  /** The same with a JSON body. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
}

export interface DoorOptions {
  service?: Partial<SessionService>
  config?: ClaudeCodeApiConfig
  deps?: Partial<HttpDeps>
  mount?: string
  prepare?: (app: Express) => void
  /** Where keys and the audit log are; without it, in a store of their own. */
  store?: Store
}

/** Every service knows how messages look, and in which tenant a caller acts. */
function complete(service: Partial<SessionService>): SessionService {
  if (!service.messages) Object.assign(service, { messages: messageReader })
  if (!service.actingOn) Object.assign(service, { actingOn: async (caller: Caller) => caller })
  return service as SessionService
}

/** Tests of the audit log use a real store. */
const forgetful = {
  appendAudit: async () => {},
  listAudit: async () => ({ entries: [], lastId: undefined, hasMore: false }),
  trimAudit: async () => 0,
}

/** A real server around the router, above a service of which only what the test gives exists. */
export async function openDoor(options: DoorOptions = {}): Promise<OpenDoor> {
  const { service = {}, config = {}, deps = {}, mount = '/api/v1', prepare, store } = options
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: line => lines.push(JSON.parse(line)) })
  const keys = config.auth?.authenticate ? {} : { apiKeys: [key] }
  const resolved = resolveConfig({ ...config, auth: { ...keys, ...config.auth } }, {})
  const asked = complete(service)
  const {
    keys: storedKeys,
    registry,
    logins,
    ...opened
  } = await openKeys(
    {
      findSession: (tenantId, id) =>
        asked.get({ ...operator('test'), tenantId }, id).then(
          ({ session }) => session,
          () => undefined,
        ),
    },
    store,
  )
  const audit = new AuditTrail({
    store: store?.audit ?? forgetful,
    retentionMs: undefined,
    faults: log,
    onAudit: record => log.info({ audit: record }, 'audit'),
  })
  const door = createRouter({
    service: asked,
    audit,
    keys: storedKeys,
    logins,
    callers: new Callers({
      keys: resolved.auth.keys,
      sources: resolved,
      tokens: resolved.auth.tokens && new TokenCallers(resolved.auth.tokens, log),
      registry,
      ready: async () => {},
    }),
    scrapers: configuredKeys(resolved.metrics.keys),
    ready: async () => {},
    isClosing: () => false,
    isolation: () => ({ level: 'none', missingBounds: [] }),
    config: resolved,
    log,
    version: '1.2.3',
    metrics: { onRequest() {}, expose: async () => ({ contentType: 'text/plain', text: '' }) },
    startedAt: performance.now(),
    ...deps,
  })
  const app = express()
  prepare?.(app)
  app.use(mount, door.router)
  const server = createServer({ IncomingMessage: ClientMessage }, app)
  server.on('upgrade', upgradeThrough(app))
  // A test that was silent for long must not meet a connection that is just being closed.
  server.keepAliveTimeout = 600_000
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = origin + (mount === '/' ? '' : mount)
  const call = (path: string, init: RequestInit = {}) =>
    fetch(url + path, {
      ...init,
      headers: {
        'x-api-key': key,
        // A POST says its type also without a body.
        ...(init.method === 'POST' && init.body === undefined && { 'content-type': 'application/json' }),
        ...(init.headers as Record<string, string>),
      },
    })
  return {
    url,
    origin,
    door,
    app,
    lines,
    call,
    post: (path, body, init = {}) =>
      call(path, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
      }),
    async [Symbol.asyncDispose]() {
      await door.close()
      await audit.close()
      await opened[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export interface ErrorBody {
  error: {
    code: string
    message: string
    details?: Record<string, unknown>
    retryable: boolean
    retry: string
  }
  timestamp: string
  requestId: string
}

export async function readError(response: Response): Promise<ErrorBody> {
  return (await response.json()) as ErrorBody
}

/** The paths of everything that a 400 names. */
export async function readIssuePaths(response: Response): Promise<string[]> {
  const { error } = await readError(response)
  const { issues = [] } = (error.details ?? {}) as { issues?: { path: string; message: string }[] }
  return issues.map(({ path }) => path)
}

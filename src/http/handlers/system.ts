import { toTimestamp } from '../../contract/primitives.ts'
import type { HealthResponse, ReadinessResponse } from '../../contract/system.ts'
import type { SessionService } from '../../sessions/ports/session-service.ts'
import { type ApiDocument, toServedDocument } from '../api-document.ts'
import { docsSecurityPolicy, renderDocs } from '../docs/docs-page.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { renderReference } from '../reference/reference-page.ts'
import { sendReferenceScript } from '../reference/reference-script.ts'

/** How long the health check waits while the service is opening. */
const openingPatienceMs = 500

type SystemHandlers = Pick<
  Handlers,
  | 'listModels'
  | 'getHealth'
  | 'getReadiness'
  | 'getMetrics'
  | 'getOpenApi'
  | 'getDocs'
  | 'getReference'
  | 'getReferenceScript'
>

/** @param document the generated OpenAPI document */
export function systemHandlers(deps: HttpDeps, document: ApiDocument): SystemHandlers {
  return {
    listModels: () => ({ status: 200, body: { models: deps.service.models() } }),

    async getHealth({ caller }) {
      const state = await inspect(deps)
      const checks = { store: toStoreCheck(state), claude: toClaudeCheck(state) }
      const status = toHealth(deps.isClosing(), checks)
      const isolation = deps.isolation()
      const details = {
        timestamp: toTimestamp(Date.now()),
        sessions: state?.store.ok ? state.store.sessions : { active: 0, total: 0 },
        version: deps.version,
        uptimeMs: Math.round(performance.now() - deps.startedAt),
        ...(isolation && { isolation }),
        checks,
      }
      return {
        status: status === 'unhealthy' ? 503 : 200,
        body: caller.isOperator ? { status, ...details } : { status },
      }
    },

    async getReadiness({ caller }) {
      const state = await inspect(deps)
      const store = toStoreCheck(state)
      const status = toReadiness(deps.isClosing(), state)
      return {
        status: status === 'ready' ? 200 : 503,
        body: caller.isOperator
          ? { status, timestamp: toTimestamp(Date.now()), checks: { store } }
          : { status },
      }
    },

    async getMetrics() {
      const { contentType, text } = await deps.metrics.expose()
      const headers = { 'Content-Type': contentType, 'Cache-Control': 'no-store' }
      return { file: { status: 200, headers, content: Buffer.from(text) } }
    },

    getOpenApi: ({ baseUrl }) => ({ status: 200, body: toServedDocument(document, baseUrl) }),

    getDocs: ({ baseUrl, path }) => ({
      // Relative links work behind any proxy.
      html: renderDocs(toServedDocument(document, baseUrl), toRoot(path)),
      contentSecurityPolicy: docsSecurityPolicy,
    }),

    getReference: ({ path }) => renderReference(toRoot(path)),

    getReferenceScript: ({ headers }) => sendReferenceScript(headers),
  }
}

/** The relative path from a page to the root of the API. */
function toRoot(path: string): string {
  return path.endsWith('/') ? '../' : ''
}

type Health = Awaited<ReturnType<SessionService['health']>>

/** Returns undefined if the service is not open. */
async function inspect(deps: HttpDeps): Promise<Health | undefined> {
  const { promise: patienceEnds, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(resolve, openingPatienceMs, false)
  try {
    const opened = deps.ready().then(
      () => true,
      () => false,
    )
    return (await Promise.race([opened, patienceEnds])) ? await deps.service.health() : undefined
  } finally {
    clearTimeout(timer)
  }
}

type Checks = NonNullable<HealthResponse['checks']>

function toHealth(isClosing: boolean, { store, claude }: Checks): HealthResponse['status'] {
  if (isClosing || store.status === 'failed') return 'unhealthy'
  return claude.status === 'unavailable' ? 'degraded' : 'healthy'
}

function toReadiness(isClosing: boolean, state: Health | undefined): ReadinessResponse['status'] {
  if (isClosing) return 'draining'
  if (!state) return 'starting'
  return state.store.ok ? 'ready' : 'store_unavailable'
}

function toStoreCheck(state: Health | undefined): Checks['store'] {
  if (!state) return { status: 'failed', message: 'The service is not open' }
  const ageMs = toAge(state.store.checkedAt)
  return state.store.ok
    ? { status: 'ok', ageMs }
    : { status: 'failed', message: 'The store does not respond', ageMs }
}

function toClaudeCheck(state: Health | undefined): Checks['claude'] {
  const agent = state?.agent
  if (!agent) return { status: 'unknown' }
  const version = agent.version !== undefined && { version: agent.version }
  const age = agent.inspectedAt !== undefined && { ageMs: toAge(agent.inspectedAt) }
  if (agent.status === 'ok') return { status: 'ok', ...version, ...age }
  const { reason = 'unknown', message } = agent.failure ?? {}
  return { status: 'unavailable', ...version, reason, ...(message !== undefined && { message }), ...age }
}

function toAge(at: number): number {
  return Math.round(performance.now() - at)
}

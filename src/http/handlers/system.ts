import { toTimestamp } from '../../contract/primitives.ts'
import type { HealthResponse } from '../../contract/system.ts'
import type { SessionService } from '../../sessions/ports/session-service.ts'
import { type ApiDocument, toServedDocument } from '../api-document.ts'
import { docsSecurityPolicy, renderDocs } from '../docs-page.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'

/** How long the health check waits while the service is opening. */
const openingPatienceMs = 500

type SystemHandlers = Pick<Handlers, 'listModels' | 'getHealth' | 'getOpenApi' | 'getDocs'>

/** @param document the generated OpenAPI document */
export function systemHandlers(deps: HttpDeps, document: ApiDocument): SystemHandlers {
  return {
    listModels: () => ({ status: 200, body: { models: deps.service.models() } }),

    async getHealth() {
      const state = await inspect(deps)
      const checks = { store: toStoreCheck(state), claude: toClaudeCheck(state) }
      const unhealthy = deps.isClosing() || checks.store.status === 'failed'
      const body = {
        timestamp: toTimestamp(Date.now()),
        sessions: state?.store.ok ? state.store.sessions : { active: 0, total: 0 },
        version: deps.version,
        uptimeMs: Math.round(performance.now() - deps.startedAt),
        checks,
      }
      if (unhealthy) return { status: 503, body: { status: 'unhealthy', ...body } }
      const status = checks.claude.status === 'unavailable' ? 'degraded' : 'healthy'
      return { status: 200, body: { status, ...body } }
    },

    getOpenApi: ({ baseUrl }) => ({ status: 200, body: toServedDocument(document, baseUrl) }),

    getDocs: ({ baseUrl, path }) => ({
      // Relative links work behind any proxy.
      html: renderDocs(toServedDocument(document, baseUrl), path.endsWith('/') ? '../' : ''),
      contentSecurityPolicy: docsSecurityPolicy,
    }),
  }
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

function toStoreCheck(state: Health | undefined): HealthResponse['checks']['store'] {
  if (!state) return { status: 'failed', message: 'The service is not open' }
  return state.store.ok ? { status: 'ok' } : { status: 'failed', message: 'The store does not respond' }
}

function toClaudeCheck(state: Health | undefined): HealthResponse['checks']['claude'] {
  const agent = state?.agent
  if (!agent) return { status: 'unknown' }
  const version = agent.version !== undefined && { version: agent.version }
  if (agent.status === 'ok') return { status: 'ok', ...version }
  const { reason = 'unknown', message } = agent.failure ?? {}
  return { status: 'unavailable', ...version, reason, ...(message !== undefined && { message }) }
}

import type { HealthResponse, ListModelsResponse, ReadinessResponse } from '../system.ts'
import { times } from './ids.ts'

export const models: ListModelsResponse = {
  models: [
    {
      id: 'sonnet',
      name: 'Sonnet',
      description: 'Balanced model for everyday work',
      resolvedModel: 'claude-sonnet-4-5',
      effortLevels: ['low', 'medium', 'high'],
      adaptiveThinking: true,
      thinkingOff: true,
    },
  ],
}

const health = {
  timestamp: times.ended,
  sessions: { active: 3, total: 41 },
  version: '0.1.0',
  uptimeMs: 86_400_000,
  isolation: { level: 'process' as const, missingBounds: [] },
}
export const healthy: HealthResponse = {
  status: 'healthy',
  ...health,
  checks: { store: { status: 'ok', ageMs: 40 }, claude: { status: 'ok', version: '2.1.0', ageMs: 2_150 } },
}
export const degraded: HealthResponse = {
  status: 'degraded',
  ...health,
  checks: {
    store: { status: 'ok' },
    claude: {
      status: 'unavailable',
      version: '2.1.0',
      reason: 'not_logged_in',
      message:
        "Claude Code is not logged in, and no key is set: run `claude` and /login as the server's user, or set ANTHROPIC_API_KEY (to try it without an account: --demo)",
    },
  },
}
export const unhealthy: HealthResponse = {
  status: 'unhealthy',
  ...health,
  checks: {
    store: { status: 'failed', message: 'The store does not respond' },
    claude: { status: 'unknown' },
  },
}

export const ready: ReadinessResponse = {
  status: 'ready',
  timestamp: times.ended,
  checks: { store: { status: 'ok', ageMs: 40 } },
}
export const notReady: ReadinessResponse = {
  status: 'store_unavailable',
  timestamp: times.ended,
  checks: { store: { status: 'failed', message: 'The store does not respond', ageMs: 40 } },
}
export const metricsText = `# HELP claude_code_api_turns_running Turns that run now
# TYPE claude_code_api_turns_running gauge
claude_code_api_turns_running 1
`

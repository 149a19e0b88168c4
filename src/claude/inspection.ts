import type { Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentFailure, AgentInspection } from '../sessions/ports.ts'
import { explainEnd } from './exit-reason.ts'
import { openQuery } from './live-query.ts'
import { type ClaudeSettings, toInspectionOptions } from './sdk-options.ts'

type Initialization = Awaited<ReturnType<Query['initializationResult']>> & { claude_code_version?: string }

const notLoggedIn: AgentFailure = {
  reason: 'not_logged_in',
  message:
    'Claude Code is not logged in and no key is set: run `claude` and /login as the user of this server, ' +
    'or set ANTHROPIC_API_KEY (try it without an account: --demo)',
}

/** What a process says of itself when it starts. */
export function toInspection(result: Initialization): AgentInspection {
  const { account } = result
  const hasCredentials =
    account.apiKeySource !== undefined ||
    (account.tokenSource !== undefined && account.tokenSource !== 'none') ||
    (account.apiProvider !== undefined && account.apiProvider !== 'firstParty')
  return {
    status: hasCredentials ? 'ok' : 'unavailable',
    ...(result.claude_code_version !== undefined && { version: result.claude_code_version }),
    models: result.models.map(({ value, displayName, description, resolvedModel }) => ({
      id: value,
      name: displayName,
      description,
      ...(resolvedModel !== undefined && { resolvedModel }),
    })),
    ...(!hasCredentials && { failure: notLoggedIn }),
  }
}

/** Starts Claude Code without a conversation, asks what it is, and ends it. Never rejects. */
export async function inspectClaude(
  settings: ClaudeSettings,
  cwd: string,
  signal: AbortSignal,
): Promise<AgentInspection> {
  const live = openQuery({ ...toInspectionOptions(settings), cwd })
  const end = live.read(() => {})
  const leave = () => void live.end({ graceMs: 0, termMs: 1_000 })
  signal.addEventListener('abort', leave, { once: true })
  const inspection = await live.query.initializationResult().then(toInspection, () => undefined)
  signal.removeEventListener('abort', leave)
  await live.end({ graceMs: inspection ? 2_000 : 0, termMs: 2_000 })
  return inspection ?? { status: 'unavailable', failure: explainEnd({ ...(await end), started: false, cwd }) }
}

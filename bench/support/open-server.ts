import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { type Child, openChild } from './child.ts'
import type { Scope } from './scope.ts'
import { until } from './waiting.ts'

export const apiKey = 'key-of-the-bench'

/** All that Claude Code gets: nothing of this shell, and nothing that leads off this machine. */
export function claudeEnvironment(modelUrl: string, home: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    TMPDIR: temporaryDirectoryOf(home),
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'sk-made-up',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
  }
}

/** Where the server and Claude Code put what they need for a while. */
export function temporaryDirectoryOf(home: string): string {
  return join(home, 'tmp')
}

function toOptions(scope: Scope, options: ClaudeCodeApiConfig): ClaudeCodeApiConfig {
  return {
    auth: { apiKeys: [apiKey] },
    rateLimit: { enabled: false },
    dataDir: join(scope.directory, 'data'),
    defaultCwd: scope.directory,
    drainTimeoutMs: 0,
    // As it is used: the log goes to a file.
    logLevel: 'info',
    ...options,
  }
}

/** The server with the real Claude Code and the stand-in, three kinds of processes. */
export async function openClaudeServer(
  scope: Scope,
  options: ClaudeCodeApiConfig = {},
): Promise<{ server: Child; environment: Record<string, string> }> {
  const model = await openChild(scope, 'model.ts')
  const environment = claudeEnvironment(model.url, scope.directory)
  mkdirSync(temporaryDirectoryOf(scope.directory))
  const settings = { engine: 'claude', options: toOptions(scope, options) }
  const server = await openChild(scope, 'server.ts', settings, environment)
  await until('the server has asked Claude Code what it is', async () => {
    const [key = apiKey] = options.auth?.apiKeys ?? []
    const response = await fetch(`${server.url}/api/v1/health`, { headers: { 'x-api-key': key } })
    const { checks } = (await response.json()) as { checks: { claude: { status: string } } }
    return checks.claude.status === 'ok'
  })
  // The process that was asked ends, and one may be started for the first session.
  await wait(2_500)
  return { server, environment }
}

/** The server with a script in the place of Claude Code. */
export function openScriptedServer(scope: Scope, options: ClaudeCodeApiConfig = {}): Promise<Child> {
  return openChild(scope, 'server.ts', { engine: 'scripted', options: toOptions(scope, options) })
}

import type { Environment } from './env.ts'

/** The variables that Claude Code needs to run, to reach its API, and to log in. */
const allowedNames = new Set([
  // User and system
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TERM', 'LANG', 'LANGUAGE', 'TZ'],
  // Network
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  // Claude Code and the cloud providers
  ...['CLAUDE_CONFIG_DIR', 'GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_PROJECT', 'CLOUD_ML_REGION'],
])
const allowedPrefixes = ['LC_', 'ANTHROPIC_', 'CLAUDE_CODE_', 'AWS_', 'VERTEX_', 'GCLOUD_', 'AZURE_']
/** The server's own variables, which a prefix above would include. */
const ownPrefix = 'CLAUDE_CODE_API_'

/**
 * Builds the environment of Claude Code processes: the allow-list, overridden by the configuration.
 *
 * @param agentEnv may set any variable, because it was written for the agent
 */
export function buildAgentEnvironment(
  env: Environment,
  agentEnv: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const allowed: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isAllowed(name)) allowed[name] = value
  }
  return { ...allowed, ...agentEnv }
}

function isAllowed(name: string): boolean {
  if (name.startsWith(ownPrefix)) return false
  return allowedNames.has(name) || allowedPrefixes.some(prefix => name.startsWith(prefix))
}

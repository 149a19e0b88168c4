import type { OutgoingHttpHeaders } from 'node:http'
import { type HostAndPort, toHostAndPort } from '../../lib/host-policy.ts'

type Variables = Readonly<Record<string, string>>

/** The headers that hold credentials of the model's API, with the values that the API gets. */
export interface Credentials {
  'x-api-key'?: string
  authorization?: string
}

/** How a process reaches the model. */
export type ModelAccess =
  | {
      kind: 'forwarded'
      /** The beginning of all URLs; undefined: the configured address is not valid. */
      upstream: URL | undefined
      credentials: Credentials
      /** Headers of the configuration for each request. */
      headers: OutgoingHttpHeaders
    }
  /** Requests are signed in the process, so it connects itself. */
  | { kind: 'direct'; provider: string }

/** The variables that select another provider than Anthropic's API. */
const providers = [
  ...[
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CODE_USE_FOUNDRY',
    'CLAUDE_CODE_USE_MANTLE',
  ],
  ...['CLAUDE_CODE_USE_ANTHROPIC_AWS', 'CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD', 'CLAUDE_CODE_USE_GATEWAY'],
]

/** The variables whose values are credentials of Anthropic's API, by the header that they become. */
const credentialVariables = {
  ANTHROPIC_API_KEY: 'x-api-key',
  ANTHROPIC_AUTH_TOKEN: 'authorization',
  CLAUDE_CODE_OAUTH_TOKEN: 'authorization',
} as const
const headersVariable = 'ANTHROPIC_CUSTOM_HEADERS'
const addressVariable = 'ANTHROPIC_BASE_URL'
const defaultAddress = 'https://api.anthropic.com'

/** Reads how Claude Code with this environment reaches the model. */
export function readModelAccess(environment: Variables): ModelAccess {
  const provider = findProvider(environment)
  if (provider !== undefined) return { kind: 'direct', provider }
  const address = environment[addressVariable] || defaultAddress
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isUsable = url && /^https?:$/.test(url.protocol) && toHostAndPort(url)
  const { ANTHROPIC_API_KEY: key, ANTHROPIC_AUTH_TOKEN, CLAUDE_CODE_OAUTH_TOKEN } = environment
  const token = ANTHROPIC_AUTH_TOKEN || CLAUDE_CODE_OAUTH_TOKEN
  return {
    kind: 'forwarded',
    upstream: isUsable ? url : undefined,
    credentials: { ...(key && { 'x-api-key': key }), ...(token && { authorization: `Bearer ${token}` }) },
    headers: parseHeaders(environment[headersVariable] ?? ''),
  }
}

/** Whether variables choose the address of the model's API. */
export function namesAddress(variables: Variables): boolean {
  return variables[addressVariable] !== undefined
}

/** Whether Claude Code acts for a login of claude.ai. */
export function isLogin({
  ANTHROPIC_API_KEY,
  ANTHROPIC_AUTH_TOKEN,
  CLAUDE_CODE_OAUTH_TOKEN,
}: Variables): boolean {
  return Boolean(CLAUDE_CODE_OAUTH_TOKEN && !ANTHROPIC_API_KEY && !ANTHROPIC_AUTH_TOKEN)
}

/** Replaces the credentials by a token and the address by another one. */
export function replaceAccess(
  environment: Variables,
  credentials: Credentials,
  token: string,
  address: string,
): Record<string, string> {
  const replaced: Record<string, string> = { ...environment, [addressVariable]: address }
  delete replaced[headersVariable]
  for (const [name, header] of Object.entries(credentialVariables)) {
    if (!replaced[name]) continue
    if (credentials[header] === undefined) delete replaced[name]
    else replaced[name] = token
  }
  return replaced
}

/** The hosts of a provider that the process connects to itself. */
export function findProviderHosts(environment: Variables): HostAndPort[] {
  const { AWS_REGION, AWS_DEFAULT_REGION, CLOUD_ML_REGION, ANTHROPIC_FOUNDRY_RESOURCE } = environment
  const named = Object.keys(environment).filter(name => /^ANTHROPIC_\w*BASE_URL$/.test(name))
  const urls = named.map(name => environment[name] ?? '')
  if (isOn(environment, 'CLAUDE_CODE_USE_BEDROCK')) {
    const region = AWS_REGION || AWS_DEFAULT_REGION || 'us-east-1'
    for (const service of ['bedrock-runtime', 'bedrock', 'sts'])
      urls.push(`https://${service}.${region}.amazonaws.com`)
  }
  if (isOn(environment, 'CLAUDE_CODE_USE_VERTEX')) {
    const names = Object.keys(environment).filter(name => name.startsWith('VERTEX_REGION_'))
    for (const region of [CLOUD_ML_REGION, ...names.map(name => environment[name])]) {
      if (region) urls.push(toVertexAddress(region))
    }
    urls.push('https://oauth2.googleapis.com')
  }
  if (isOn(environment, 'CLAUDE_CODE_USE_FOUNDRY')) {
    if (ANTHROPIC_FOUNDRY_RESOURCE) urls.push(`https://${ANTHROPIC_FOUNDRY_RESOURCE}.services.ai.azure.com`)
    urls.push('https://login.microsoftonline.com')
  }
  return urls
    .filter(url => URL.canParse(url))
    .map(url => toHostAndPort(new URL(url)))
    .filter(target => target !== undefined)
}

/** Returns the warning about credentials that are inside the box or missing there; undefined: there is none. */
export function findCredentialFault(environment: Variables): string | undefined {
  const access = readModelAccess(environment)
  if (access.kind === 'direct') {
    const { provider } = access
    return `${provider} is set: its requests are signed inside the box, so the agent can read these credentials`
  }
  if (!access.upstream) return `${addressVariable} must be an http or https URL`
  const { CLAUDE_CODE_CLIENT_CERT } = environment
  if (CLAUDE_CODE_CLIENT_CERT) return 'CLAUDE_CODE_CLIENT_CERT has no effect with isolation'
  if (Object.keys(access.credentials).length > 0 || Object.keys(access.headers).length > 0) return undefined
  return (
    'Claude Code has no credentials in its box, because a login of `claude` and apiKeyHelper have no effect there: ' +
    'set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN from `claude setup-token`'
  )
}

function findProvider(environment: Variables): string | undefined {
  return providers.find(name => isOn(environment, name))
}

function isOn(environment: Variables, name: string): boolean {
  return /^(1|true|yes|on)$/i.test(environment[name]?.trim() ?? '')
}

function toVertexAddress(region: string): string {
  if (region === 'global') return 'https://aiplatform.googleapis.com'
  if (region === 'us' || region === 'eu') return `https://aiplatform.${region}.rep.googleapis.com`
  return `https://${region}-aiplatform.googleapis.com`
}

/** Parses lines of `Name: value`. */
function parseHeaders(text: string): OutgoingHttpHeaders {
  const lines = text.split('\n').map(line => /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line))
  return Object.fromEntries(
    lines.flatMap(line => (line ? [[(line[1] ?? '').toLowerCase(), line[2] ?? '']] : [])),
  )
}

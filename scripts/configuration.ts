// Writes docs/configuration.md and docs/config.schema.json from the options; with --check it only says whether they are
// true. Types and defaults come from the schema, descriptions from the docstrings of src/config/options.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonSchema, serverOptions, toFileSchema } from '../src/config/sources/server-option.ts'

const root = join(import.meta.dirname, '..')

/** What a reader looks for, and the options that belong to it. */
const groups: Record<string, RegExp> = {
  'Address and proxies': /^(host|port|tls\..*|publicUrl|trustProxy|allowedHosts|cors\..*|console|doors)$/,
  'Keys of callers': /^auth\./,
  Storage: /^(dataDir|database\..*|secretKeys|eventRetentionMs|sessionRetentionMs|maxStoreBytes)$/,
  'Directories and repositories':
    /^(defaultCwd|defaultWorkspace|allowedRoots|trustedRoots|trustedCloneUrls|workspacesDir|cloneUrls|cloneTimeoutMs)$/,
  'What sessions may do':
    /^(allow(BypassPermissions|StdioMcpServers|HttpWebhooks|edPrivateHosts|edSettingSources|edAgentEnv)|agentEnv|claudeExecutable)$/,
  'Several nodes': /^cluster\./,
  Push: /^push\./,
  Tenants: /^tenants$/,
  Isolation: /^(isolation.*|agentNetwork|allowWeakerBounds|maxWorkspaceBytes)$/,
  'Sessions and turns':
    /^(sessionTimeout|sessionTitles|maxSessions|maxQueuedTurns|maxWaitingTurns|permissionParkMs|watchdogMs|drainTimeoutMs)$/,
  Processes: /^(maxProcessMemoryBytes|maxLiveProcesses|keepSpareProcess|idleTimeoutMs)$/,
  'Limits of requests': /^(rateLimit|limits)\.|^max(Body|Upload|AttachmentBytes)/,
  'Log, metrics and checks': /^(logLevel|logFormat|audit\w+|metrics\..*|openApiValidation\..*)$/,
}

const ofServer: Record<string, string> = {
  host: 'The address to listen on.',
  port: 'The port to listen on; 0 picks a free one.',
  'tls.certFile':
    'PEM file with the certificate, followed by the intermediate ones; the server then speaks HTTPS only. Changed files are loaded within seconds, or at once on SIGHUP. Default: none, plain HTTP.',
  'tls.keyFile': 'PEM file with the private key of `tls.certFile`, without a passphrase.',
  'tls.hstsMaxAgeMs':
    'How long browsers use HTTPS only for this host name, on all of its ports (`Strict-Transport-Security`); 0: the header is not sent.',
  'metrics.host': 'The address of `metrics.port`.',
  'metrics.port':
    'A port of its own that serves `GET /metrics` and nothing else, without a key; 0 picks a free one. Default: none.',
}

/** Defaults that depend on the machine. */
const computed = ['limits.connections', 'limits.connectionsPerAddress']

/** The docstrings of an interface and of those it refers to, by path. */
function readDescriptions(source: string, name: string, prefix = ''): [string, string][] {
  const body = new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(source)?.[1] ?? ''
  const member = /(?: {2}\/\*\*(.*?)\*\/\n)? {2}(\w+)[?]?(?:: (\w*)|\()/gs
  return [...body.matchAll(member)].flatMap(([, comment = '', field = '', type = '']) => {
    const text = comment
      .replaceAll(/\n\s*\* ?/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim()
    const path = `${prefix}${field}`
    return type.endsWith('Config') ? readDescriptions(source, type, `${path}.`) : [[path, text]]
  })
}

const source = ['options.ts', 'isolation.ts', 'auth-options.ts', 'push.ts', 'cluster.ts', 'database.ts']
  .map(name => readFileSync(join(root, 'src/config', name), 'utf8'))
  .join('\n')
const descriptions = { ...Object.fromEntries(readDescriptions(source, 'ClaudeCodeApiConfig')), ...ofServer }

function describe(path: string): string {
  const text = descriptions[path]
  if (!text) throw new Error(`${path} has no description in src/config/options.ts`)
  return text
}

function annotate(schema: JsonSchema, path: string[]): JsonSchema {
  const { properties } = schema
  if (!properties) {
    const { default: given, ...others } = schema
    const keeps = given !== undefined && !computed.includes(path.join('.'))
    return { description: describe(path.join('.')), ...others, ...(keeps && { default: given }) }
  }
  const { default: _, ...others } = schema
  const described = Object.entries(properties).map(
    ([name, property]) => [name, annotate(property, [...path, name])] as const,
  )
  return { ...others, properties: Object.fromEntries(described) }
}

function toFileSchemaText(): string {
  const schema = annotate(toFileSchema(), [])
  const properties = { $schema: { type: 'string' }, ...schema.properties }
  const title = 'Configuration file of claude-code-api'
  return `${JSON.stringify({ title, ...schema, properties }, null, 2)}\n`
}

function typeOf({ type, items, enum: values }: JsonSchema): string {
  if (values) return values.map(value => `\`${value}\``).join(', ')
  if (Array.isArray(type)) return type.join(' or ')
  return type === 'array' && items?.type ? `array of ${items.type}s` : (type ?? 'any')
}

function defaultOf(path: string, { default: given }: JsonSchema): string {
  const isPlain = ['number', 'string', 'boolean'].includes(typeof given)
  return isPlain && !computed.includes(path) ? ` Default: \`${given}\`.` : ''
}

function toReference(): string {
  const left = new Set(serverOptions.map(({ path }) => path))
  const sections = Object.entries(groups).map(([title, pattern]) => {
    const options = serverOptions.filter(({ path }) => pattern.test(path) && left.delete(path))
    const entries = options.map(({ path, schema, variable, aliases }) => {
      const names = [variable, ...aliases].map(name => `\`${name}\``).join(', ')
      return `### \`${path}\`\n\n${describe(path)}\n\nType: ${typeOf(schema)}.${defaultOf(path, schema)} Environment: ${names}.\n`
    })
    return `## ${title}\n\n${entries.join('\n')}`
  })
  if (left.size > 0) throw new Error(`${[...left].join(', ')}: in no group of scripts/configuration.ts`)
  return `${introduction}\n${sections.join('\n')}`
}

const introduction = readFileSync(join(import.meta.dirname, 'configuration.head.md'), 'utf8')
const files = {
  'docs/configuration.md': toReference(),
  'docs/config.schema.json': toFileSchemaText(),
}
for (const [file, text] of Object.entries(files)) {
  if (!process.argv.includes('--check')) writeFileSync(join(root, file), text)
  else if (readFileSync(join(root, file), 'utf8') !== text) {
    throw new Error(`${file} is not what the options say: run \`npm run config\``)
  }
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseTrustProxy } from '../config/browser-access.ts'
import type { FlagValues } from '../config/sources/collect-options.ts'

interface ServerFlag {
  spec: string
  description: string
  /** The option that it sets. */
  path: string
  /** @param previous the values before it, where the flag takes several */
  parse?(text: string, previous: unknown): unknown
}

const flags: readonly ServerFlag[] = [
  { spec: '--host <host>', path: 'host', description: 'address to listen on (default: 127.0.0.1)' },
  {
    spec: '--port <port>',
    path: 'port',
    description: 'port to listen on; 0 picks a free one (default: 3050)',
    parse: parsePort,
  },
  {
    spec: '--tls-cert <file>',
    path: 'tls.certFile',
    description: 'PEM file with the certificate chain; serves HTTPS',
  },
  {
    spec: '--tls-key <file>',
    path: 'tls.keyFile',
    description: 'PEM file with the private key of the certificate',
  },
  { spec: '--data-dir <dir>', path: 'dataDir', description: 'directory of the store' },
  {
    spec: '--database-url <url>',
    path: 'database.url',
    description: 'PostgreSQL database instead of a file',
  },
  { spec: '--root <dir...>', path: 'allowedRoots', description: 'directories that sessions may work in' },
  {
    spec: '--trusted-root <dir...>',
    path: 'trustedRoots',
    description: 'directories whose .claude settings, hooks and .mcp.json may take effect',
  },
  {
    spec: '--isolation <level>',
    path: 'isolation',
    description: 'process: Claude Code runs in a box; none: with the rights of the server',
  },
  {
    spec: '--cors-origin <origin...>',
    path: 'cors.origins',
    description: 'origins of web pages that may use the API',
  },
  {
    spec: '--allowed-host <host...>',
    path: 'allowedHosts',
    description: 'hosts that requests without a key may be addressed to',
  },
  {
    spec: '--doors <name...>',
    path: 'doors',
    description: 'protocols of other clients to speak, such as openai,mcp; all: every one',
    parse: addNames,
  },
  { spec: '--public-url <url>', path: 'publicUrl', description: 'URL of the API as callers see it' },
  {
    spec: '--trust-proxy <which>',
    path: 'trustProxy',
    description: 'trusted proxies: true, a number of hops, or addresses',
    parse: parseTrustProxy,
  },
  {
    spec: '--max-sessions <count>',
    path: 'maxSessions',
    description: 'active sessions at once (default: 100)',
    parse: parseCount,
  },
  {
    spec: '--log-level <level>',
    path: 'logLevel',
    description: 'fatal, error, warn, info, debug, trace or silent (default: info)',
  },
  {
    spec: '--no-auth',
    path: 'auth.enabled',
    description: 'serve without keys; only on a loopback address',
  },
]

/** Names stand apart or with commas between them. */
function addNames(text: string, previous: unknown): string[] {
  return [...(Array.isArray(previous) ? previous : []), ...text.split(',')]
}

/** Adds the flags of the server's options. All options can be set in a file and by variables. */
export function addServerFlags(command: Command): Command {
  command.option('--config <file>', 'configuration file, JSON or YAML (CLAUDE_CODE_API_CONFIG)')
  for (const { spec, description, parse } of flags) {
    const option = new Option(spec, description)
    command.addOption(parse ? option.argParser(parse) : option)
  }
  return command
}

const placeFlags = ['dataDir', 'database.url']

/** Adds the flags that say where the store is, for commands that work on it without a server. */
export function addPlaceFlags(command: Command): Command {
  command.option('--config <file>', 'configuration file, JSON or YAML (CLAUDE_CODE_API_CONFIG)')
  for (const { spec, description, path } of flags)
    if (placeFlags.includes(path)) command.option(spec, description)
  return command
}

/** Returns the flags that were typed, by option. */
export function toFlagValues(command: Command): FlagValues {
  const typed = flags.flatMap(({ spec, path }) => {
    const option = new Option(spec)
    const name = option.attributeName()
    if (command.getOptionValueSource(name) !== 'cli') return []
    return [[path, { flag: option.long ?? spec, value: command.getOptionValue(name) }] as const]
  })
  return Object.fromEntries(typed)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It must be a number from 0 to 65535.')
}

function parseCount(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 on.')
}

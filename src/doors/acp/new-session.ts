import type { McpServer, NewSessionRequest } from '@agentclientprotocol/sdk'
import type { ClaudeCodeClient, CreateSessionRequest } from '../../client/index.ts'
import { invalid } from './errors.ts'
import { readMeta } from './extension.ts'

/** Choices for new sessions of a client that cannot make them itself: in the URL, or by flags of the command. */
export interface SessionDefaults {
  preset?: string | undefined
  /** Replaces the directory that the client names, which is one of its own machine. */
  cwd?: string | undefined
  /** `empty`: a new directory for each session. */
  workspace?: 'empty' | undefined
}

type McpServers = NonNullable<CreateSessionRequest['mcpServers']>

/**
 * The session that the client wants. Our `_meta` has fields of `POST /sessions`, which come first, then the defaults.
 * The protocol makes clients name a directory, so it counts only where nothing else names one.
 */
export async function toNewSession(
  { cwd, additionalDirectories, mcpServers, _meta }: NewSessionRequest,
  defaults: SessionDefaults,
  api: ClaudeCodeClient,
): Promise<CreateSessionRequest> {
  const wanted = readMeta(_meta) as CreateSessionRequest
  const preset = await readPreset(api, wanted.preset ?? defaults.preset)
  return {
    ...(!preset?.saysWhoAnswers && { permissionPrompts: 'ask' }),
    ...(additionalDirectories?.length && { additionalDirectories }),
    ...(mcpServers.length > 0 && { mcpServers: toMcpServers(mcpServers) }),
    ...(wanted.cwd === undefined && wanted.workspace === undefined && toPlace(cwd, defaults, preset)),
    ...wanted,
    preset: preset?.version,
  }
}

function toPlace(cwd: string, defaults: SessionDefaults, preset: UsedPreset | undefined) {
  if (defaults.workspace !== undefined) return { workspace: { type: defaults.workspace } }
  if (defaults.cwd !== undefined) return { cwd: defaults.cwd }
  return preset?.hasPlace ? {} : { cwd }
}

interface UsedPreset {
  /** As `name@version`: a newer version may be different. */
  version: string
  hasPlace: boolean
  saysWhoAnswers: boolean
}

async function readPreset(api: ClaudeCodeClient, named: string | undefined): Promise<UsedPreset | undefined> {
  if (named === undefined) return undefined
  const [, name = '', number] = /^([^@]+)@([0-9]+)$/.exec(named) ?? [named, named]
  const query = number === undefined ? {} : { version: Number(number) }
  const { version, configuration } = await api.call('getPreset', { params: { preset: name }, query })
  const { cwd, workspace, permissionPrompts } = configuration
  return {
    version: `${name}@${version}`,
    hasPlace: cwd !== undefined || workspace !== undefined,
    saysWhoAnswers: permissionPrompts !== undefined,
  }
}

/** The servers by name, as the API has them. */
export function toMcpServers(servers: readonly McpServer[]): McpServers {
  const byName: McpServers = {}
  for (const [index, server] of servers.entries()) {
    if (Object.hasOwn(byName, server.name)) {
      throw invalid(`mcpServers[${index}].name`, `there are two servers named ${server.name}`)
    }
    byName[server.name] = toMcpServer(server)
  }
  return byName
}

function toMcpServer(server: McpServer): McpServers[string] {
  if ('type' in server) return { type: server.type, url: server.url, headers: toRecord(server.headers) }
  return { type: 'stdio', command: server.command, args: server.args, env: toRecord(server.env) }
}

function toRecord(entries: readonly { name: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]))
}

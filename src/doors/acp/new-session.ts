import { posix } from 'node:path'
import type { ClientCapabilities, McpServer, NewSessionRequest } from '@agentclientprotocol/sdk'
import type { ClaudeCodeClient, ClientTool, CreateSessionRequest } from '../../client/index.ts'
import { presetReference, readPresetReference } from '../../contract/session-configuration.ts'
import { type ClientMethods, toClientTools } from './client-tools.ts'
import { invalid } from './errors.ts'
import { extension, readMeta } from './extension.ts'

/** Choices for new sessions of a client that cannot make them itself: in the URL, or by flags of the command. */
export interface SessionDefaults {
  preset?: string | undefined
  /** Replaces the directory that the client names, which is one of its own machine. */
  cwd?: string | undefined
  /** `empty`: a new directory for each session. */
  workspace?: 'empty' | undefined
  /** The methods of the client that Claude gets as tools. */
  clientMethods?: readonly ClientMethods[] | undefined
}

type McpServers = NonNullable<CreateSessionRequest['mcpServers']>

/**
 * The session that the client wants. Our `_meta` has fields of `POST /sessions`, which come first, then the defaults.
 * The protocol makes clients name a directory, so it counts only where nothing else names one.
 */
export async function toNewSession(
  { cwd, additionalDirectories, mcpServers, _meta }: NewSessionRequest,
  capabilities: ClientCapabilities,
  defaults: SessionDefaults,
  api: ClaudeCodeClient,
): Promise<CreateSessionRequest> {
  const { clientMethods = defaults.clientMethods, ...others } = readMeta(_meta)
  const wanted = others as CreateSessionRequest
  if (wanted.clientHooks !== undefined) {
    throw invalid(`_meta.${extension}.clientHooks`, 'the protocol has no way to decide hooks')
  }
  if (wanted.sessionId !== undefined) {
    throw invalid(`_meta.${extension}.sessionId`, 'the door chooses the id of a session')
  }
  if (wanted.clientTools !== undefined && !Array.isArray(wanted.clientTools)) {
    throw invalid(`_meta.${extension}.clientTools`, 'must be a list')
  }
  const preset =
    wanted.preset === undefined
      ? await readPreset(api, 'preset', defaults.preset)
      : await readPreset(api, `_meta.${extension}.preset`, wanted.preset)
  const methodTools = toClientTools(clientMethods, capabilities)
  const clientTools = [...(wanted.clientTools ?? preset?.clientTools ?? []), ...methodTools]
  return {
    ...(!preset?.hasPermissionPrompts && { permissionPrompts: 'ask' }),
    ...(additionalDirectories?.length && {
      additionalDirectories: additionalDirectories.map((path, index) =>
        toAbsolute(`additionalDirectories[${index}]`, path),
      ),
    }),
    ...(mcpServers.length > 0 && { mcpServers: toMcpServers(mcpServers) }),
    ...(wanted.cwd === undefined && wanted.workspace === undefined && toDirectory(cwd, defaults, preset)),
    ...wanted,
    ...(methodTools.length > 0 && { clientTools }),
    preset: preset?.version,
  }
}

function toDirectory(cwd: string, defaults: SessionDefaults, preset: UsedPreset | undefined) {
  if (defaults.workspace !== undefined) return { workspace: { type: defaults.workspace } }
  if (defaults.cwd !== undefined) return { cwd: defaults.cwd }
  return preset?.hasDirectory ? {} : { cwd: toAbsolute('cwd', cwd) }
}

/** The API resolves relative paths on the server, where a client of the protocol has no directory to start from. */
function toAbsolute(field: string, path: string): string {
  if (!posix.isAbsolute(path)) throw invalid(field, 'must be an absolute path of the server')
  return path
}

interface UsedPreset {
  /** As `name@version`: a newer version may be different. */
  version: string
  hasDirectory: boolean
  hasPermissionPrompts: boolean
  clientTools: ClientTool[] | undefined
}

async function readPreset(
  api: ClaudeCodeClient,
  field: string,
  reference: string | undefined,
): Promise<UsedPreset | undefined> {
  if (reference === undefined) return undefined
  const { error } = presetReference.safeParse(reference)
  if (error) throw invalid(field, error.issues[0]?.message ?? 'must be a preset')
  const { name, version: wanted } = readPresetReference(reference)
  const query = wanted === undefined ? {} : { version: wanted }
  const { version, configuration } = await api.call('getPreset', { params: { preset: name }, query })
  const { cwd, workspace, permissionPrompts, clientTools } = configuration
  return {
    version: `${name}@${version}`,
    hasDirectory: cwd !== undefined || workspace !== undefined,
    hasPermissionPrompts: permissionPrompts !== undefined,
    clientTools,
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

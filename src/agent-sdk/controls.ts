import type {
  AgentInfo,
  McpServerConfig,
  McpServerStatus,
  McpSetServersResult,
  ModelInfo,
  RewindFilesResult,
  SDKControlReadFileResponse,
  SlashCommand,
} from '@anthropic-ai/claude-agent-sdk'
import { ApiError, type ClaudeCodeClient, isApiError, type SessionClient } from '../client/index.ts'
import { checkpoints } from './checkpoints.ts'
import type { ClientTools } from './client-tools.ts'
import { NotSupportedError } from './errors.ts'
import { toMcpServers } from './session-configuration.ts'

interface Parts {
  client: ClaudeCodeClient
  tools: ClientTools
  /** Resolves when the session is there. */
  session: Promise<SessionClient>
}

const longestFile = 1024 * 1024

/** The questions and changes of a query that are single calls of the API. */
export class Controls {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async commands(): Promise<SlashCommand[]> {
    const { commands } = await this.#parts.client.call('listCommands', await this.#ofSession())
    return commands.map(({ builtIn, ...command }) => ({ ...command, ...(builtIn && { builtin: true }) }))
  }

  async models(): Promise<ModelInfo[]> {
    const { models } = await this.#parts.client.call('listModels')
    return models.map(({ id, name, description, resolvedModel, effortLevels, adaptiveThinking }) => ({
      value: id,
      displayName: name,
      description: description ?? '',
      ...(resolvedModel !== undefined && { resolvedModel }),
      ...(effortLevels && { supportsEffort: effortLevels.length > 0, supportedEffortLevels: effortLevels }),
      ...(adaptiveThinking !== undefined && { supportsAdaptiveThinking: adaptiveThinking }),
    }))
  }

  async agents(): Promise<AgentInfo[]> {
    const { agents } = await this.#parts.client.call('listAgents', await this.#ofSession())
    return agents.map(({ model, ...agent }) => ({ ...agent, ...(model !== null && { model }) }))
  }

  async mcpServers(): Promise<McpServerStatus[]> {
    const { client, tools } = this.#parts
    const { servers } = await client.call('listMcpServers', await this.#ofSession())
    const others = servers
      .filter(({ name }) => tools.names.areAllTheSame || name !== 'client')
      .map(({ name, status, error, scope, serverInfo, tools: offered }) => ({
        name,
        status,
        ...(error !== null && { error }),
        ...(scope !== null && { scope }),
        ...(serverInfo && { serverInfo }),
        tools: offered.map(one => ({
          name: one.name,
          ...(one.description !== null && { description: one.description }),
        })),
      }))
    return [...others, ...tools.states.map(state => ({ ...state, tools: tools.toolsOf(state.name) }))]
  }

  async changeMcpServer(server: string, action: 'reconnect' | 'enable' | 'disable'): Promise<void> {
    const { params } = await this.#ofSession()
    await this.#parts.client.call('changeMcpServer', { params: { ...params, server }, body: { action } })
  }

  /** @throws NotSupportedError for servers inside the program, which are fixed when a query begins */
  async setMcpServers(servers: Record<string, McpServerConfig>): Promise<McpSetServersResult> {
    const own = Object.entries(servers).find(([, config]) => config.type === 'sdk')
    if (own) {
      const reason = 'servers inside the program are given with options.mcpServers'
      throw new NotSupportedError(`Query.setMcpServers(): ${own[0]}`, reason)
    }
    const session = await this.#parts.session
    const before = Object.keys((await session.get()).config.mcpServers ?? {})
    await session.update({ mcpServers: toMcpServers(servers) ?? null })
    const after = Object.keys(servers)
    return {
      added: after.filter(name => !before.includes(name)),
      removed: before.filter(name => !after.includes(name)),
      errors: {},
    }
  }

  async stopTask(taskId: string): Promise<void> {
    const { params } = await this.#ofSession()
    await this.#parts.client.call('stopTask', { params: { ...params, taskId } })
  }

  /**
   * Restores the files as they were before a message of the program. As with the SDK, also those that something else
   * has changed since; only a dry run resolves with what is wrong.
   *
   * @throws NotSupportedError for a message that was more input for a running turn
   */
  async rewindFiles(messageId: string, dryRun: boolean): Promise<RewindFilesResult> {
    const session = await this.#parts.session
    const turnId = checkpoints.find(session.id, messageId)
    if (turnId === null) {
      const reason = 'the message was more input for a running turn; rewind to the message that began it'
      throw new NotSupportedError('Query.rewindFiles()', reason)
    }
    try {
      return await this.#rewindFiles(session, turnId ?? messageId, dryRun)
    } catch (error) {
      if (!dryRun || !(error instanceof Error)) throw error
      return { canRewind: false, error: error.message }
    }
  }

  async #rewindFiles(session: SessionClient, toTurnId: string, dryRun: boolean): Promise<RewindFilesResult> {
    const body = { toTurnId, conversation: false, files: true, overwriteOthers: true, dryRun }
    const { cwd } = (await session.get()).config
    const { files } = await this.#parts.client
      .call('rewindSession', { params: { sessionId: session.id }, body })
      .catch(error => {
        if (!isApiError(error, 'TURN_NOT_FOUND')) throw error
        throw new Error('No file checkpoint found for this message.', { cause: error })
      })
    const { restored = [], skipped = [] } = files ?? {}
    const missing = skipped.map(({ path, reason }) => `${path} (${reason})`)
    if (missing.length > 0) throw new Error(`Failed to rewind: ${missing.join(', ')}`)
    return {
      canRewind: true,
      filesChanged: restored.map(({ path }) => (path.startsWith('/') ? path : `${cwd}/${path}`)),
      insertions: restored.reduce((sum, { insertions }) => sum + (insertions ?? 0), 0),
      deletions: restored.reduce((sum, { deletions }) => sum + (deletions ?? 0), 0),
    }
  }

  async readFile(
    path: string,
    { maxBytes = longestFile, encoding = 'utf-8' }: { maxBytes?: number; encoding?: 'utf-8' | 'base64' },
  ): Promise<SDKControlReadFileResponse | null> {
    try {
      const { params } = await this.#ofSession()
      const response = await this.#parts.client.call('readFile', { params, query: { path } })
      const bytes = new Uint8Array(await response.arrayBuffer())
      const part = bytes.subarray(0, maxBytes)
      return {
        contents: encoding === 'base64' ? toBase64(part) : new TextDecoder().decode(part),
        absPath: path,
        ...(part.length < bytes.length && { truncated: true }),
        ...(encoding === 'base64' && { encoding }),
      }
    } catch (error) {
      if (error instanceof ApiError) return null
      throw error
    }
  }

  async #ofSession(): Promise<{ params: { sessionId: string } }> {
    return { params: { sessionId: (await this.#parts.session).id } }
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
}

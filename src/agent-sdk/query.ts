import type { Options, Query, query as queryOfSdk } from '@anthropic-ai/claude-agent-sdk'
import { ClaudeCodeClient, type ClientOptions, type CreateSessionRequest } from '../client/index.ts'
import { AgentQuery } from './agent-query.ts'
import { checkOptions } from './checked-options.ts'
import { Controls } from './controls.ts'
import { connectionOfEnvironment } from './environment.ts'
import { NotSupportedError } from './errors.ts'

export interface QueryConnection extends ClientOptions {
  /** Fields of new sessions beside the options of queries, such as `preset` or `workspace`; options replace them. */
  session?: CreateSessionRequest | undefined
}

/** Returns a `query` for a server. */
export function createQuery({ session = {}, ...connection }: QueryConnection): typeof queryOfSdk {
  return ({ prompt, options = {} }) => {
    checkOptions(options)
    const { canUseTool, permissionPrompts } = options
    const { canUseTool: _, onElicitation: __, ...unasked } = options
    const given: Options = canUseTool && permissionPrompts === 'none' ? unasked : options
    return toQuery(new AgentQuery(new ClaudeCodeClient(connection), prompt, given, session))
  }
}

/**
 * Runs a prompt, or prompts as they come, in a session of the server that the environment of the program names
 * (`CLAUDE_CODE_API_URL`, `CLAUDE_CODE_API_KEY`).
 */
export const query: typeof queryOfSdk = params => createQuery(connectionOfEnvironment())(params)

function toQuery(agent: AgentQuery): Query {
  const session = agent.opened.then(opened => opened.session)
  // The reader of the messages is told of the failure.
  session.catch(() => {})
  const controls = new Controls({ client: agent.client, tools: agent.tools, session })
  return {
    next: () => agent.next(),
    async return() {
      agent.close()
      return { value: undefined, done: true }
    },
    async throw(error) {
      agent.close()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      agent.close()
    },
    close: () => agent.close(),
    async interrupt() {
      const { interrupted, cancelled } = await (await session).interrupt()
      return { still_queued: agent.turns.waitingBeside([...interrupted, ...cancelled]) }
    },
    async setModel(model) {
      await (await session).update({ model: model ?? null })
    },
    async setPermissionMode(permissionMode) {
      await (await session).update({ permissionMode })
    },
    streamInput: stream => agent.feed(stream),
    supportedCommands: () => controls.commands(),
    supportedModels: () => controls.models(),
    supportedAgents: () => controls.agents(),
    mcpServerStatus: () => controls.mcpServers(),
    setMcpServers: servers => controls.setMcpServers(servers),
    reconnectMcpServer: name => controls.changeMcpServer(name, 'reconnect'),
    toggleMcpServer: (name, enabled) => controls.changeMcpServer(name, enabled ? 'enable' : 'disable'),
    stopTask: taskId => controls.stopTask(taskId),
    rewindFiles: (id, { dryRun = false } = {}) => controls.rewindFiles(id, dryRun),
    readFile: (path, options = {}) => controls.readFile(path, options),
    accountInfo: refuse('accountInfo', 'the account belongs to the server'),
    applyFlagSettings: refuse('applyFlagSettings', 'use setModel() and setPermissionMode()'),
    backgroundTasks: refuse('backgroundTasks', 'the API has no such operation'),
    getContextUsage: refuse('getContextUsage', 'use GET /sessions/:id/context, which has another form'),
    initializationResult: refuse(
      'initializationResult',
      'use supportedCommands(), supportedModels() and others',
    ),
    readMcpResource: refuse('readMcpResource', 'the API has no such operation'),
    reinitialize: refuse('reinitialize', 'the server drives Claude Code'),
    reloadOutputStyles: refuse('reloadOutputStyles', 'the API has no such operation'),
    reloadPlugins: refuse('reloadPlugins', 'plugins are installed on the server'),
    reloadSkills: refuse('reloadSkills', 'the server reads skills when a process starts'),
    seedReadState: refuse('seedReadState', 'the API has no such operation'),
    setMaxThinkingTokens: refuse('setMaxThinkingTokens', 'use options.thinking'),
    setMcpPermissionModeOverride: refuse('setMcpPermissionModeOverride', 'use canUseTool'),
    updateSettings: refuse('updateSettings', 'settings files belong to the server'),
    usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET: refuse(
      'usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET',
      'use GET /sessions/:id/usage',
    ),
  }
}

function refuse(method: string, reason: string): () => Promise<never> {
  return () => Promise.reject(new NotSupportedError(`Query.${method}()`, reason))
}

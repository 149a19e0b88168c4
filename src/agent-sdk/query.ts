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
  let isOver = false
  const close = async () => {
    isOver = true
    await agent.close()
  }
  const whileOpen =
    <Parameters extends unknown[], Result>(call: (...parameters: Parameters) => Promise<Result>) =>
    async (...parameters: Parameters): Promise<Result> => {
      if (isOver) throw new Error('Query closed before response received')
      return call(...parameters)
    }
  return {
    async next() {
      try {
        const step = await agent.next()
        if (step.done) isOver = true
        return step
      } catch (error) {
        isOver = true
        throw error
      }
    },
    async return() {
      await close()
      return { value: undefined, done: true }
    },
    async throw(error) {
      await close()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: close,
    close: () => void close(),
    interrupt: whileOpen(async () => {
      const { interrupted, cancelled } = await (await session).interrupt()
      return { still_queued: agent.turns.waitingBeside([...interrupted, ...cancelled]) }
    }),
    setModel: whileOpen(async model => {
      await (await session).update({ model: model ?? null })
    }),
    setPermissionMode: whileOpen(async permissionMode => {
      await (await session).update({ permissionMode })
    }),
    streamInput: stream => agent.feed(stream),
    supportedCommands: () => controls.commands(),
    supportedModels: () => controls.models(),
    supportedAgents: () => controls.agents(),
    mcpServerStatus: () => controls.mcpServers(),
    setMcpServers: whileOpen(servers => controls.setMcpServers(servers)),
    reconnectMcpServer: whileOpen(name => controls.changeMcpServer(name, 'reconnect')),
    toggleMcpServer: whileOpen((name, enabled) =>
      controls.changeMcpServer(name, enabled ? 'enable' : 'disable'),
    ),
    stopTask: whileOpen(taskId => controls.stopTask(taskId)),
    rewindFiles: whileOpen(async (id, { dryRun = false } = {}) => {
      await agent.settle()
      return controls.rewindFiles(id, dryRun)
    }),
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

import { ServiceError } from '../../src/contract/errors.ts'
import type { AgentFailure, AgentQuestions, AgentTask } from '../../src/sessions/ports/index.ts'

export const scriptedTask: AgentTask = {
  taskId: 'task-1',
  type: 'local_bash',
  description: 'make',
  toolUseId: 'toolu_1',
  agent: null,
  status: 'running',
  summary: null,
}

interface Scene {
  failure: AgentFailure | undefined
  /** Resolves when the process is gone. */
  exited(): Promise<void>
  /** Ends the task, if it runs. */
  endTask(taskId: string): void
  /** The title of a session that is described so. */
  titleOf(description: string): string | null
  /** Is asked before each answer. */
  whenAsked(): Promise<undefined>
}

/** What the scripted engine answers beside its turns. */
export function createScriptedQuestions({
  failure,
  exited,
  endTask,
  titleOf,
  whenAsked,
}: Scene): AgentQuestions {
  const servers = new Map([['scripted', true]])
  const stateOf = (name: string) => ({
    name,
    status: servers.get(name) ? ('connected' as const) : ('disabled' as const),
    error: null,
    notice: null,
    scope: 'dynamic',
    transport: 'http',
    serverInfo: null,
    tools: [],
  })
  const answer = async <T>(make: () => T): Promise<T> => {
    if (failure) throw new ServiceError('AGENT_UNAVAILABLE', failure.message, { reason: failure.reason })
    const isGone = exited().then(() => true)
    if (await Promise.race([whenAsked(), isGone]))
      throw new ServiceError('AGENT_UNAVAILABLE', 'gone', { reason: 'process_died' })
    return make()
  }
  return {
    listCommands: () =>
      answer(() => [
        { name: 'hello', description: 'Says hello', argumentHint: '<name>', aliases: [], builtIn: false },
      ]),
    listAgents: () => answer(() => [{ name: 'helper', description: 'Helps', model: 'inherit' }]),
    describeContext: () =>
      answer(() => ({
        model: 'scripted-model',
        totalTokens: 10,
        maxTokens: 1000,
        percentage: 1,
        categories: [{ id: 'messages', name: 'Messages', kind: 'used', tokens: 10 }],
        memoryFiles: [],
        mcpTools: [],
        agents: [],
        skills: [],
        autoCompact: { enabled: true, threshold: 900 },
      })),
    listMcpServers: () => answer(() => [...servers.keys()].map(stateOf)),
    changeMcpServer: (name, action) =>
      answer(() => {
        if (!servers.has(name)) return undefined
        servers.set(name, action !== 'disable')
        return stateOf(name)
      }),
    suggestTitle: description => answer(() => titleOf(description)),
    stopTask: taskId => answer(() => endTask(taskId)),
  }
}

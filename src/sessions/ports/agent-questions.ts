import type {
  AgentDescription,
  Command,
  ContextUsage,
  McpAction,
  McpServerState,
} from '../../contract/conversation.ts'

/**
 * What a live process can be asked and told beside its turns, also while it works on one. Each waits until the
 * process has started, and within a bound for its answer.
 *
 * All reject with ServiceError AGENT_UNAVAILABLE: the process could not be started, is gone, or did not answer.
 */
export interface AgentQuestions {
  /** The slash commands and skills that a prompt may begin with. */
  listCommands(): Promise<Command[]>
  /** The subagents that Claude may start. */
  listAgents(): Promise<AgentDescription[]>
  /** @param detail `summary` estimates where `full` has the tokens counted */
  describeContext(detail: 'full' | 'summary'): Promise<ContextUsage>
  listMcpServers(): Promise<McpServerState[]>
  /**
   * Resolves with the server as it is afterwards, also when it could not be reached; undefined when there is none of
   * that name.
   */
  changeMcpServer(name: string, action: McpAction): Promise<McpServerState | undefined>
  /** Resolves when Claude Code has stopped the background task, or knows none of that id that runs. */
  stopTask(taskId: string): Promise<void>
}

/** A background task as Claude Code tells of it. */
export interface AgentTask {
  taskId: string
  /** Claude Code's word for the kind of task, such as `local_bash` or `local_agent`. */
  type: string
  description: string
  /** The tool call that started it. */
  toolUseId: string | null
  /** For a subagent: which. */
  agent: string | null
  status: 'running' | 'completed' | 'failed' | 'stopped'
  /** What it says of its end. */
  summary: string | null
}

import type {
  AgentDescription,
  Command,
  ContextUsage,
  McpAction,
  McpServerState,
} from '../../contract/conversation.ts'

/**
 * Questions and commands to a live process beside its turns, also while it works on one. Each waits until the
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
  /**
   * A title for the session, on one line and safe to show; null: Claude Code has none. Waits some seconds at most.
   * @param description what the session is about
   */
  suggestTitle(description: string): Promise<string | null>
  /** Resolves when Claude Code has stopped the background task, or knows none of that id that runs. */
  stopTask(taskId: string): Promise<void>
}

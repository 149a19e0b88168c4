import type {
  AgentDescription,
  Command,
  ContextUsage,
  McpAction,
  McpServerState,
} from '../../contract/conversation.ts'
import type { TaskQuery } from '../ports.ts'
import type { Caller, TaskRecord, TurnRecord } from '../records.ts'

export interface CompactRequest {
  instructions: string | undefined
  timeoutMs: number
  onBusy: 'queue' | 'reject'
}

/** What a compaction has led to. */
export interface Compaction {
  compacted: boolean
  tokensBefore: number | null
  tokensAfter: number | null
  /** Why it was not compacted, in the words of Claude Code. */
  message: string | null
}

/**
 * What can be asked and told of a session's conversation beside its prompts. The process is asked, and started where
 * there is none.
 *
 * All that ask it reject with ServiceError SESSION_NOT_FOUND, SESSION_EXPIRED, SESSION_ENDED, SESSION_BUSY,
 * TURN_QUEUE_FULL, AGENT_UNAVAILABLE.
 */
export interface ConversationService {
  listCommands(caller: Caller, sessionId: string): Promise<Command[]>
  listAgents(caller: Caller, sessionId: string): Promise<AgentDescription[]>
  describeContext(caller: Caller, sessionId: string, detail: 'full' | 'summary'): Promise<ContextUsage>
  listMcpServers(caller: Caller, sessionId: string): Promise<McpServerState[]>
  /**
   * @returns the server as it is afterwards, also when it could not be reached
   * @throws ServiceError MCP_SERVER_NOT_FOUND
   */
  changeMcpServer(caller: Caller, sessionId: string, name: string, action: McpAction): Promise<McpServerState>
  /** Reads the store only, also of a session that is over. */
  listTasks(
    caller: Caller,
    sessionId: string,
    query: Omit<TaskQuery, 'sessionId'>,
  ): Promise<{ tasks: TaskRecord[]; total: number }>
  /**
   * Resolves with the task as it is then. Idempotent, also when the session is over.
   * @throws ServiceError TASK_NOT_FOUND
   */
  stopTask(caller: Caller, sessionId: string, taskId: string): Promise<TaskRecord>
  /** Submits a turn that compacts the conversation. */
  compact(caller: Caller, sessionId: string, request: CompactRequest): Promise<TurnRecord>
  /** What the turn, which has ended, made of the conversation. */
  findCompaction(caller: Caller, turn: TurnRecord): Promise<Compaction>
}

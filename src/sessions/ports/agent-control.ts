import type { AgentSpec } from './agent.ts'

/** What can be changed of a process that lives. */
export interface AgentControl {
  /**
   * Gives the process what has changed in the configuration of its session; to be called between turns. Never
   * rejects.
   * @returns whether the process works with all of it now; if not, it is of no use any more and has to be replaced
   */
  reconfigure(wanted: AgentSpec): Promise<boolean>
}

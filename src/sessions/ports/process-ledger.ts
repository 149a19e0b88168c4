/** A process of Claude Code that this server has started. */
export interface ProcessRecord {
  /** 0: known by its marker alone. */
  pid: number
  /** When it started, the way the operating system tells it: with the pid it names one process for ever. */
  startedAt: string
  /** In the environment of the process and of all that it starts; no other process has it. */
  marker: string
  /** null for a process without a conversation. */
  claudeSessionId: string | null
}

/** Which processes are running, so that a start after a crash can find and end exactly those that it left. */
export interface ProcessLedger {
  /**
   * Records a process before it starts, at once. Ledgers that cannot do so have only `recordProcess`, which may be done
   * when the process runs already.
   *
   * @throws when it could not be recorded: the process must not start
   */
  announceProcess?(process: ProcessRecord): void
  recordProcess(process: ProcessRecord): Promise<void>
  forgetProcess(marker: string): Promise<void>
  listProcesses(): Promise<ProcessRecord[]>
}

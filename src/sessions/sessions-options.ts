import type { DirectoryPolicy } from './working-directory.ts'

/** The configuration, as far as it concerns the heart. Times are in milliseconds. */
export interface SessionsOptions extends DirectoryPolicy {
  sessionTimeoutMs: number
  maxSessions: number
  maxQueuedTurns: number
  maxWaitingTurns: number
  maxLiveProcesses: number
  keepSpareProcess: boolean
  idleTimeoutMs: number
  drainTimeoutMs: number
  allowBypassPermissions: boolean
  /** How long events are kept after their session's end; undefined: for ever. */
  eventRetentionMs?: number | undefined
}

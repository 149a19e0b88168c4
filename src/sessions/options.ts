import type { SettingSource } from '../contract/session-settings.ts'
import type { DirectoryPolicy } from './files/working-directory.ts'
import type { TrustPolicy } from './settings/trust.ts'

/** The configuration of the session layer. Times are in milliseconds. */
export interface SessionsOptions extends DirectoryPolicy, TrustPolicy {
  /** The workspace of sessions that ask for none. Default: `directory`. */
  defaultWorkspace?: 'directory' | 'empty'
  sessionTimeoutMs: number
  maxSessions: number
  maxQueuedTurns: number
  maxWaitingTurns: number
  /** Undefined: memory alone bounds the processes. */
  maxLiveProcesses?: number | undefined
  /** The memory that all processes of Claude Code together may use. */
  maxProcessMemoryBytes: number
  keepSpareProcess: boolean
  idleTimeoutMs: number
  permissionParkMs: number
  drainTimeoutMs: number
  allowBypassPermissions: boolean
  allowStdioMcpServers: boolean
  /** `host:port` of hosts that need not be public. */
  allowedPrivateHosts?: readonly string[]
  allowHttpWebhooks?: boolean
  allowedSettingSources: readonly SettingSource[]
  /** Names of variables. */
  allowedAgentEnv: readonly string[]
  /** How many bytes the attachments of one session may have in all. */
  maxAttachmentBytesPerSession: number
  /** How long events are kept after their session's end; undefined: for ever. */
  eventRetentionMs?: number | undefined
  /** How long sessions are kept after their end; undefined: for ever. */
  sessionRetentionMs?: number | undefined
  /** Above this size of the store, sessions that are over are removed; undefined: never. */
  maxStoreBytes?: number | undefined
}

import type { SettingSource } from '../contract/session-settings.ts'
import type { NetworkRule } from '../lib/network-rule.ts'
import type { DirectoryPolicy } from './files/working-directory.ts'
import type { PushOptions } from './push/push-options.ts'
import { defaultTenantId } from './records.ts'
import type { TrustPolicy } from './settings/trust.ts'

/** Where the sessions of a tenant may work, and what they may start. */
export interface TenantPolicy extends DirectoryPolicy, TrustPolicy {
  /** The workspace of sessions that ask for none. Default: `directory`. */
  defaultWorkspace?: 'directory' | 'empty'
  allowBypassPermissions: boolean
  allowStdioMcpServers: boolean
  /** `host:port` of hosts that need not be public. */
  allowedPrivateHosts?: readonly string[]
}

/** The configuration of the session layer. Times are in milliseconds. */
export interface SessionsOptions extends TenantPolicy {
  /** The policy of a tenant other than the default one; left out: that of the default tenant holds for all. */
  policyOf?: (tenantId: string) => TenantPolicy
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
  /** The setting `titles` of sessions that leave it out. Default: `off`. */
  sessionTitles?: 'claude' | 'off'
  /** The hosts that agents in boxes can reach. Default: `all`. */
  agentNetwork?: NetworkRule
  allowHttpWebhooks?: boolean
  /** Left out: there are no pushes. */
  push?: PushOptions
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

/** The options, with the policy of a tenant. */
export function optionsOf<O extends Pick<SessionsOptions, 'policyOf'>>(options: O, tenantId: string): O {
  return tenantId === defaultTenantId || !options.policyOf
    ? options
    : { ...options, ...options.policyOf(tenantId) }
}

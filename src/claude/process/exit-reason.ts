import { existsSync } from 'node:fs'
import type { AgentFailure } from '../../sessions/ports/index.ts'

export interface ProcessEnd {
  /** Whether the process had reported that it is ready. */
  started: boolean
  cwd: string
  code: number | null
  signal: NodeJS.Signals | null
  /** The system error if the process could not be started. */
  errno?: string | undefined
  /** The end of standard error, and the SDK's message. */
  text: string
}

/** Why a conversation could not be opened as requested. */
export type ConversationMismatch = 'missing' | 'exists'

/** Detects a refusal because the conversation does not exist, or because it already exists. */
export function findMismatch(end: Pick<ProcessEnd, 'started' | 'text'>): ConversationMismatch | undefined {
  if (end.started) return undefined
  if (end.text.includes('No conversation found with session ID')) return 'missing'
  if (/Session ID .* is already in use/i.test(end.text)) return 'exists'
  return undefined
}

/** Explains the end of a process with a message for people and a reason for programs. */
export function explainEnd(end: ProcessEnd): AgentFailure {
  if (end.started) {
    const how =
      end.signal !== null ? `was ended by ${end.signal}` : `exited with code ${end.code ?? 'unknown'}`
    return { reason: 'process_died', message: `The Claude Code process ${how} in the middle of the turn` }
  }
  // A missing working directory looks like a missing program: both are ENOENT.
  if (!existsSync(end.cwd)) {
    return {
      reason: 'cwd_missing',
      message: `The session's working directory ${end.cwd} no longer exists`,
    }
  }
  if (end.errno === 'ENOENT' || end.errno === 'EACCES' || end.text.includes('native binary not found')) {
    return {
      reason: 'not_installed',
      message:
        'Claude Code is not installed: its executable is missing or cannot be run. ' +
        'Install @anthropic-ai/claude-agent-sdk with its optional dependencies, or set claudeExecutable',
    }
  }
  if (end.text.includes('--json-schema is not a valid')) {
    return {
      reason: 'setting_not_supported',
      message: "Claude Code does not support the schema of the session's outputFormat",
    }
  }
  if (end.text.includes('dangerously-skip-permissions cannot be used with root')) {
    return {
      reason: 'start_failed',
      message:
        'Claude Code refuses bypassPermissions for root outside a sandbox: run the server as another user',
    }
  }
  return {
    reason: 'start_failed',
    message: `Claude Code did not start (${end.signal ?? `exit code ${end.code ?? 'unknown'}`}); see the server's log for its output`,
  }
}

import { isDeepStrictEqual } from 'node:util'
import type { SDKAPIRetryMessage, SDKMessage, SDKToolProgressMessage } from '@anthropic-ai/claude-agent-sdk'
import { type Activity, activityTextBound } from '../../contract/activity.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import { toPlainName, toPlainText } from '../../lib/plain-name.ts'
import { isIdle } from '../process/workload.ts'

/** Activities at the same time; further ones are not reported. */
const mostActivities = 200
const longestId = 200
const main = 'main'

type System = Extract<SDKMessage, { type: 'system' }>
type TaskFrame = Extract<System, { subtype: 'task_started' | 'task_progress' }>
type RetryFrame = Pick<SDKAPIRetryMessage, 'attempt' | 'max_retries' | 'retry_delay_ms' | 'error_status'>

/** The current activities of a process, read from frames that are not part of the conversation and from messages. */
export class ActivityReader {
  readonly #current = new Map<string, Activity>()
  /** The tasks that run on after the end of a turn. */
  #background: ReadonlySet<string> = new Set()

  /** Returns the changes, in order. */
  read(message: SDKMessage): Activity[] {
    switch (message.type) {
      case 'stream_event':
        // Deltas show the message that is being streamed.
        if (message.parent_tool_use_id !== null || message.event.type === 'content_block_delta') return []
        return this.#end(main)
      case 'assistant':
        return [
          ...(message.parent_tool_use_id === null ? this.#end(main) : []),
          ...toBlocks(message).flatMap(block => this.#startTool(block, message.parent_tool_use_id)),
        ]
      case 'user':
        return toBlocks(message).flatMap(({ tool_use_id: id }) =>
          typeof id === 'string' ? this.#end(id) : [],
        )
      case 'tool_progress':
        return this.#noteTool(message)
      case 'result':
        return this.#settle()
      case 'system':
        return isIdle(message) ? this.#settle() : this.#readSystem(message)
      default:
        return []
    }
  }

  /** The process has gone. */
  end(): Activity[] {
    return [...this.#current.keys()].flatMap(id => this.#end(id))
  }

  #readSystem(message: System): Activity[] {
    switch (message.subtype) {
      case 'status':
        if (message.status === 'requesting') return this.#set({ kind: 'model', id: main, since: now() })
        if (message.status === 'compacting') return this.#set({ kind: 'compacting', id: main, since: now() })
        return this.#end(main)
      case 'compact_boundary':
        return this.#end(main)
      case 'api_retry':
        return this.#set({ kind: 'retry', id: main, since: now(), ...toRetry(message, message.error) })
      case 'thinking_tokens':
        return this.#set({
          kind: 'thinking',
          id: main,
          since: this.#sinceOf(main, 'thinking'),
          tokens: toCount(message.estimated_tokens),
        })
      case 'task_started':
      case 'task_progress':
        return this.#noteTask(message)
      case 'task_notification':
        return this.#end(message.task_id)
      case 'task_updated':
        return isOver(message.patch.status) ? this.#end(message.task_id) : []
      case 'background_tasks_changed':
        return this.#noteBackground(new Set(message.tasks.map(({ task_id: id }) => id)))
      default:
        return []
    }
  }

  #startTool(block: Block, parentToolUseId: string | null): Activity[] {
    const { type, id, name } = block
    if (type !== 'tool_use' || typeof id !== 'string' || typeof name !== 'string') return []
    return this.#set({ kind: 'tool', id, since: now(), toolName: toName(name), parentToolUseId, retry: null })
  }

  #noteTool(message: SDKToolProgressMessage): Activity[] {
    const { tool_use_id: id, subagent_retry: retry } = message
    const known = this.#current.get(id)
    const since = known?.kind === 'tool' ? known.since : now(message.elapsed_time_seconds * 1000)
    return this.#set({
      kind: 'tool',
      id,
      since,
      toolName: toName(message.tool_name),
      parentToolUseId: message.parent_tool_use_id,
      retry: retry ? toRetry(retry, retry.error_category) : null,
    })
  }

  #noteTask(message: TaskFrame): Activity[] {
    const { task_id: id } = message
    const known = this.#current.get(id)
    const before = known?.kind === 'task' || known?.kind === 'subagent' ? known : undefined
    // Ambient tasks are not activity; only their start says so.
    if (message.subtype === 'task_started' && (message.ambient || message.skip_transcript)) return []
    if (message.subtype === 'task_progress' && !before) return []
    const usage = message.subtype === 'task_progress' ? message.usage : undefined
    const fields = {
      id,
      since: before?.since ?? now(),
      toolUseId: message.tool_use_id ?? null,
      description: toText(message.description),
      toolName: toNullable(message.subtype === 'task_progress' ? message.last_tool_name : undefined, toName),
      toolUses: toCount(usage?.tool_uses),
      tokens: toCount(usage?.total_tokens),
      summary: toNullable(message.subtype === 'task_progress' ? message.summary : undefined, toText),
    }
    const agent = message.subagent_type
    const isSubagent = agent !== undefined || before?.kind === 'subagent'
    return this.#set(
      isSubagent
        ? { kind: 'subagent', ...fields, agent: toNullable(agent, toName) }
        : { kind: 'task', ...fields },
    )
  }

  #noteBackground(running: ReadonlySet<string>): Activity[] {
    const ended = [...this.#background].filter(id => !running.has(id))
    this.#background = running
    return ended.flatMap(id => this.#end(id))
  }

  /** Ends all activities of a turn; background tasks continue. */
  #settle(): Activity[] {
    return [...this.#current.keys()].flatMap(id => (this.#background.has(id) ? [] : this.#end(id)))
  }

  #set(activity: Exclude<Activity, { kind: 'done' }>): Activity[] {
    const { id } = activity
    const before = this.#current.get(id)
    if (!before && (this.#current.size >= mostActivities || id.length > longestId)) return []
    if (isDeepStrictEqual(before, activity)) return []
    this.#current.set(id, activity)
    return [activity]
  }

  #end(id: string): Activity[] {
    return this.#current.delete(id) ? [{ kind: 'done', id }] : []
  }

  #sinceOf(id: string, kind: Activity['kind']): string {
    const known = this.#current.get(id)
    return known?.kind === kind && 'since' in known ? known.since : now()
  }
}

interface Block {
  type?: unknown
  id?: unknown
  name?: unknown
  tool_use_id?: unknown
}

function toBlocks(message: Extract<SDKMessage, { type: 'assistant' | 'user' }>): Block[] {
  const content: unknown = message.message.content
  return Array.isArray(content) ? content.filter(block => typeof block === 'object' && block !== null) : []
}

function toRetry(frame: RetryFrame, reason: string) {
  const delayMs = toCount(frame.retry_delay_ms)
  return {
    attempt: Math.max(1, toCount(frame.attempt)),
    maxAttempts: toCount(frame.max_retries),
    delayMs,
    retryAt: now(-delayMs),
    httpStatus: frame.error_status,
    reason: toName(reason),
  }
}

function isOver(status: string | undefined): boolean {
  return status === 'completed' || status === 'failed' || status === 'killed'
}

function now(agoMs = 0): string {
  return toTimestamp(Date.now() - Math.round(agoMs))
}

function toCount(value: number | undefined): number {
  return Math.max(0, Math.round(value ?? 0))
}

function toNullable(value: string | undefined, convert: (text: string) => string): string | null {
  return value === undefined ? null : convert(value)
}

function toName(name: string): string {
  return cut(toPlainName(name))
}

function toText(text: string): string {
  return cut(toPlainText(text))
}

function cut(text: string): string {
  return text.length > activityTextBound ? `${text.slice(0, activityTextBound - 1).toWellFormed()}…` : text
}

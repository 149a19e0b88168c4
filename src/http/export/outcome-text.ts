import type { TerminalEventType } from '../../contract/events.ts'
import type { Usage } from '../../contract/turns.ts'
import type { PayloadOf } from '../../sessions/records.ts'

/** Describes the end of a turn in one line. */
export function toEnding(type: TerminalEventType, payload: PayloadOf<TerminalEventType>): string {
  const { status, stopReason, durationMs, costUsd, usage, error, notice } = payload as {
    status?: string
    stopReason?: string | null
    durationMs?: number | null
    costUsd?: number | null
    usage?: Usage | null
    error?: { message?: string } | null
    notice?: string
  }
  const word = (status ?? type.replace(/^turn\./, '')).replaceAll('_', ' ')
  const details = [
    stopReason && stopReason !== 'end_turn' && stopReason !== status && stopReason.replaceAll('_', ' '),
    error?.message,
    typeof notice === 'string' && toLine(notice),
    typeof durationMs === 'number' && `${(durationMs / 1000).toFixed(1)} s`,
    usage && `${toCount(toInput(usage))} tokens in, ${toCount(usage.outputTokens)} out`,
    typeof costUsd === 'number' && `$${costUsd.toFixed(4)}`,
  ].filter(Boolean)
  return `Turn ${word}${details.length > 0 ? `: ${details.join(', ')}` : ''}`
}

/** Describes the outcome of a permission request. */
export function toPermission(payload: PayloadOf<'permission.resolved'>): string {
  const { toolName, status, message, updatedInput } = payload
  const said = typeof message === 'string' && message !== '' ? `: ${message}` : ''
  const changed = updatedInput ? `, with another input: ${JSON.stringify(updatedInput)}` : ''
  const name = typeof toolName === 'string' ? toolName : 'a tool'
  return `Permission for ${name} ${String(status ?? 'resolved')}${changed}${said}`
}

/** Describes a rewind. */
export function toRewinding(payload: PayloadOf<'session.rewound'>): string {
  const { turnIds = [], restored = [] } = payload
  const details = [
    turnIds.length > 0 && `turns above that no longer count: ${toCount(turnIds.length)}`,
    restored.length > 0 && `files put back: ${toCount(restored.length)}`,
  ].filter(Boolean)
  return `Rewound${details.length > 0 ? `; ${details.join('; ')}` : ''}`
}

export function toLoss(payload: PayloadOf<'conversation.lost'>): string {
  const { extent, turnIds = [] } = payload
  const count = `turns above that Claude no longer knows: ${toCount(turnIds.length)}`
  return extent === 'all'
    ? `The conversation was lost and began anew; ${count}`
    : `A part of the conversation was lost; ${count}`
}

export function toRestored({ source, takenAt, turnCutOff }: PayloadOf<'workspace.restored'>): string {
  const from = {
    snapshot: `restored from its snapshot of ${takenAt}`,
    clone: 'cloned again',
    empty: 'made anew, and is empty',
  }
  return `The working directory was ${from[source]}${turnCutOff ? '; later changes to its files are lost' : ''}`
}

const longestNotice = 300

function toLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > longestNotice ? `${line.slice(0, longestNotice).toWellFormed()}…` : line
}

function toInput(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens
}

function toCount(count: number): string {
  return count.toLocaleString('en-US')
}

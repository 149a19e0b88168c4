import type { NewEvent } from '../records.ts'

/** How long after its last event a session is reported, and after its first at the latest. */
const settleMs = 2_000
const longestMs = 5_000

export interface NoticeTiming {
  settleMs?: number
  longestMs?: number
}

/** Events of one session that are reported together. */
export interface SessionNotice {
  tenantId: string
  sessionId: string
  /** Requests that are not answered, in their order. */
  permissionIds: string[]
  endedTurns: number
}

interface Gathering {
  tenantId: string
  requests: Set<string>
  endedTurns: number
  firstAt: number
  timer?: NodeJS.Timeout
}

/**
 * Gathers the events of each session for a moment, so that many requests become one report, and requests that are
 * answered at once none.
 */
export class SessionNotices {
  readonly #report: (notice: SessionNotice) => void
  readonly #timing: Required<NoticeTiming>
  readonly #gathering = new Map<string, Gathering>()

  constructor(report: (notice: SessionNotice) => void, timing: NoticeTiming = {}) {
    this.#report = report
    this.#timing = { settleMs, longestMs, ...timing }
  }

  note(tenantId: string, sessionId: string, events: readonly NewEvent[]): void {
    for (const event of events) {
      if (event.type === 'permission.resolved') {
        this.#gathering.get(sessionId)?.requests.delete(event.payload.permissionId)
      } else if (event.type === 'permission.requested') {
        this.#gather(tenantId, sessionId).requests.add(event.payload.permissionId)
      } else if (isReportedEnd(event)) this.#gather(tenantId, sessionId).endedTurns++
    }
  }

  close(): void {
    for (const { timer } of this.#gathering.values()) clearTimeout(timer)
    this.#gathering.clear()
  }

  #gather(tenantId: string, sessionId: string): Gathering {
    const now = performance.now()
    const known = this.#gathering.get(sessionId)
    const gathering = known ?? { tenantId, requests: new Set<string>(), endedTurns: 0, firstAt: now }
    if (!known) this.#gathering.set(sessionId, gathering)
    clearTimeout(gathering.timer)
    const left = gathering.firstAt + this.#timing.longestMs - now
    const delayMs = Math.max(0, Math.min(this.#timing.settleMs, left))
    gathering.timer = setTimeout(() => this.#settle(sessionId, gathering), delayMs).unref()
    return gathering
  }

  #settle(sessionId: string, { tenantId, requests, endedTurns }: Gathering): void {
    this.#gathering.delete(sessionId)
    if (requests.size === 0 && endedTurns === 0) return
    this.#report({ tenantId, sessionId, permissionIds: [...requests], endedTurns })
  }
}

/** An interrupt is the wish of a caller, who knows of it. */
function isReportedEnd({ type }: NewEvent): boolean {
  return (
    type === 'turn.completed' || type === 'turn.failed' || type === 'turn.timed_out' || type === 'turn.lost'
  )
}

import type { Activity, ActivityEvent } from '../../contract/activity.ts'

/** Milliseconds within which reports of one activity are merged. */
const mergeMs = 250

interface Current {
  event: ActivityEvent
  /** When it was last told, on the monotonic clock. */
  toldAt: number
  /** Runs while there is something newer to tell. */
  timer: NodeJS.Timeout | undefined
}

/**
 * The current activities of the sessions' processes. They are not stored; a reader that joins later gets them here. An
 * activity is told at once, then at most every quarter of a second.
 */
export class LiveActivities {
  readonly #sessions = new Map<string, Map<string, Current>>()
  readonly #tell: (sessionId: string, event: ActivityEvent) => void

  constructor(tell: (sessionId: string, event: ActivityEvent) => void) {
    this.#tell = tell
  }

  note(sessionId: string, event: ActivityEvent): void {
    const { id, kind } = event.activity
    const ofSession = this.#sessions.get(sessionId)
    const before = ofSession?.get(id)
    if (kind === 'done') {
      if (before) this.#end(sessionId, before)
      return
    }
    const wait = before?.event.activity.kind === kind ? before.toldAt + mergeMs - performance.now() : 0
    if (before && wait > 0) {
      before.event = event
      before.timer ??= setTimeout(() => this.#tellNow(sessionId, before), wait).unref()
      return
    }
    clearTimeout(before?.timer)
    const current: Current = { event, toldAt: 0, timer: undefined }
    if (ofSession) ofSession.set(id, current)
    else this.#sessions.set(sessionId, new Map([[id, current]]))
    this.#tellNow(sessionId, current)
  }

  /** Returns the current activities, in the order in which they began. */
  current(sessionId: string): ActivityEvent[] {
    return [...(this.#sessions.get(sessionId)?.values() ?? [])].map(({ event }) => event)
  }

  /** Ends all activities of a session without a word: its readers are told to leave. */
  drop(sessionId: string): void {
    for (const { timer } of this.#sessions.get(sessionId)?.values() ?? []) clearTimeout(timer)
    this.#sessions.delete(sessionId)
  }

  #tellNow(sessionId: string, current: Current): void {
    current.timer = undefined
    current.toldAt = performance.now()
    this.#tell(sessionId, current.event)
  }

  #end(sessionId: string, { event, timer }: Current): void {
    clearTimeout(timer)
    const ofSession = this.#sessions.get(sessionId)
    ofSession?.delete(event.activity.id)
    if (ofSession?.size === 0) this.#sessions.delete(sessionId)
    // With the turn that it was told with, so that readers of that turn get its end.
    this.#tell(sessionId, { turnId: event.turnId, activity: toDone(event.activity) })
  }
}

export function toDone({ id }: Activity): Activity {
  return { kind: 'done', id }
}

import type { Activity } from '../../client/index.ts'
import type { MessageWriter } from './message-writer.ts'

/** The subagents at work, as data of the message. */
export class Subagents {
  readonly #running = new Map<string, Activity>()
  readonly #writer: MessageWriter

  constructor(writer: MessageWriter) {
    this.#writer = writer
  }

  see(activity: Activity): void {
    const { id, kind } = activity
    if (kind === 'subagent') this.#running.set(id, activity)
    const shown = this.#running.get(id)
    if (!shown || (kind !== 'subagent' && kind !== 'done')) return
    this.#writer.addData('subagent', id, { ...shown, isDone: kind === 'done' })
    if (kind === 'done') this.#running.delete(id)
  }
}

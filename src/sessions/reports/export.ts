import type { Core } from '../core.ts'
import type { MessageReader } from '../ports/index.ts'
import type { AttachmentRecord, Caller, EventRecord, SessionRecord, TurnRecord } from '../records.ts'

const eventsPerPage = 200
const bytesPerPage = 1024 * 1024
/** Few: each may hold a prompt with images. */
const turnsPerPage = 10

/** A session's log, to be read from its start to where it ended when the reading began. */
export interface Recording {
  /** Knows the shapes of the messages among the events. */
  readonly messages: MessageReader
  /** Page by page while it is iterated, in order. */
  events(): AsyncIterable<EventRecord>
  /** Page by page while it is iterated, oldest first. */
  turns(): AsyncIterable<TurnRecord>
  /** Undefined when the session has no such attachment any more. */
  findAttachment(attachmentId: string): Promise<AttachmentRecord | undefined>
}

/** Reads whole sessions without ever holding more than a page */
export class Exports {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  async record(caller: Caller, sessionId: string): Promise<Recording> {
    const session = await this.#core.known.get(caller, sessionId)
    return {
      messages: this.#core.messages,
      events: () => this.#readEvents(session),
      turns: () => this.#readTurns(session),
      findAttachment: id => this.#findAttachment(session, id),
    }
  }

  async *#readEvents({ tenantId, id, lastSequence }: SessionRecord): AsyncGenerator<EventRecord, void> {
    const query = { sessionId: id, limit: eventsPerPage, maxBytes: bytesPerPage }
    for (let after = 0; after < lastSequence; ) {
      const { events } = await this.#core.store.readLog(tenantId, { ...query, after })
      const wanted = events.filter(({ sequence }) => sequence <= lastSequence)
      yield* wanted
      after = wanted.at(-1)?.sequence ?? lastSequence
    }
  }

  async *#readTurns({ tenantId, id }: SessionRecord): AsyncGenerator<TurnRecord, void> {
    for (let offset = 0; ; offset += turnsPerPage) {
      const page = { limit: turnsPerPage, offset }
      const { turns } = await this.#core.store.listTurns(tenantId, id, page)
      yield* turns
      if (turns.length < turnsPerPage) return
    }
  }

  #findAttachment(
    { tenantId, id }: SessionRecord,
    attachmentId: string,
  ): Promise<AttachmentRecord | undefined> {
    return this.#core.store.attachments.findAttachment(tenantId, id, attachmentId)
  }
}

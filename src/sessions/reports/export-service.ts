import type { AttachmentRecord, Caller, EventRecord, TurnRecord } from '../records.ts'

/** A session's log, to be read from its start to where it ended when the reading began. */
export interface Recording {
  /** Page by page while it is iterated, in order. */
  events(): AsyncIterable<EventRecord>
  /** Page by page while it is iterated, oldest first. */
  turns(): AsyncIterable<TurnRecord>
  /** Undefined when the session has no such attachment any more. */
  findAttachment(attachmentId: string): Promise<AttachmentRecord | undefined>
}

export interface ExportService {
  record(caller: Caller, sessionId: string): Promise<Recording>
}

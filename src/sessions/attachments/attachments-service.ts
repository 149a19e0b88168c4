import type { Page } from '../ports.ts'
import type { AttachmentRecord, Caller } from '../records.ts'

export interface UploadedFile {
  bytes: Uint8Array
  /** Undefined: one is made of what it is. */
  name: string | undefined
  /** What the sender says that it is; undefined: nothing. */
  claimedType: string | undefined
}

/** What the doors can ask about the files of a session. */
export interface AttachmentsService {
  /** Resolves when the whole content is stored. */
  add(caller: Caller, sessionId: string, file: UploadedFile): Promise<AttachmentRecord>
  list(
    caller: Caller,
    sessionId: string,
    page: Page,
  ): Promise<{ attachments: AttachmentRecord[]; total: number }>
  /** The content is read while it is iterated; one that is removed meanwhile breaks off with an error. */
  read(
    caller: Caller,
    sessionId: string,
    attachmentId: string,
  ): Promise<{ attachment: AttachmentRecord; content: AsyncIterable<Buffer> }>
  /** @throws ServiceError ATTACHMENT_IN_USE while a turn needs it that has not ended */
  remove(caller: Caller, sessionId: string, attachmentId: string): Promise<void>
}

import type { AttachmentRecord } from '../records.ts'
import type { Page } from './store.ts'

/** The files of sessions, for prompts to refer to. */
export interface AttachmentStore {
  /**
   * Stores an attachment whole or not at all, unless those of its session would be more than `limit` bytes then.
   * @returns how many bytes there are already when there was no room
   */
  addAttachment(
    attachment: AttachmentRecord,
    bytes: Uint8Array,
    limit: number,
  ): Promise<{ added: true } | { added: false; used: number }>
  findAttachment(
    tenantId: string,
    sessionId: string,
    attachmentId: string,
  ): Promise<AttachmentRecord | undefined>
  /** Oldest first. */
  listAttachments(
    tenantId: string,
    sessionId: string,
    page: Page,
  ): Promise<{ attachments: AttachmentRecord[]; total: number }>
  /** The content, a piece at a time; undefined after the last one, and when the attachment is gone. */
  readPiece(
    tenantId: string,
    sessionId: string,
    attachmentId: string,
    position: number,
  ): Promise<Buffer | undefined>
  /** Removes it unless a turn that has not ended needs it. */
  removeAttachment(
    tenantId: string,
    sessionId: string,
    attachmentId: string,
  ): Promise<{ removed: true } | { removed: false; neededBy: string | undefined }>
  /** What a crash left half written, over all tenants. */
  removeIncomplete(): Promise<void>
}

import { randomUUID, webcrypto } from 'node:crypto'
import { notFound, ServiceError } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import type { AttachmentStore, Page } from '../ports/index.ts'
import type { AttachmentRecord, Caller } from '../records.ts'
import { checkContent, defaultName } from './attachment-content.ts'
import { readContent } from './prompt-attachments.ts'

export interface UploadedFile {
  bytes: Uint8Array
  /** Undefined: one is made of what it is. */
  name: string | undefined
  /** The media type that the sender declared; undefined: none. */
  claimedType: string | undefined
}

/** The attachments of sessions. */
export class Attachments {
  readonly #core: Core
  readonly #store: AttachmentStore

  constructor(core: Core) {
    this.#core = core
    this.#store = core.store.attachments
  }

  /** Resolves when the whole content is stored. */
  async add(caller: Caller, sessionId: string, file: UploadedFile): Promise<AttachmentRecord> {
    const session = await this.#core.known.getActive(caller, sessionId)
    const mediaType = checkContent(file.bytes, file.claimedType)
    const limit = this.#core.options.maxAttachmentBytesPerSession
    const attachment: AttachmentRecord = {
      id: randomUUID(),
      tenantId: caller.tenantId,
      sessionId: session.id,
      createdBy: caller.keyId,
      name: file.name ?? defaultName(mediaType),
      mediaType,
      sizeBytes: file.bytes.length,
      sha256: await digest(file.bytes),
      createdAt: Date.now(),
    }
    const result = await this.#store.addAttachment(attachment, file.bytes, limit)
    if (result.added) return attachment
    const { used } = result
    const message = `The attachments of session ${session.id} may have ${limit} bytes in total and already have ${used}`
    throw new ServiceError('ATTACHMENT_LIMIT_REACHED', message, { limit, used })
  }

  async list(caller: Caller, sessionId: string, page: Page) {
    await this.#core.known.get(caller, sessionId)
    return this.#store.listAttachments(caller.tenantId, sessionId, page)
  }

  /** The content is read while it is iterated; one that is removed meanwhile breaks off with an error. */
  async read(caller: Caller, sessionId: string, attachmentId: string) {
    await this.#core.known.get(caller, sessionId)
    const attachment = await this.#store.findAttachment(caller.tenantId, sessionId, attachmentId)
    if (!attachment) throw notFound('ATTACHMENT_NOT_FOUND', attachmentId)
    return { attachment, content: readContent(this.#store, attachment) }
  }

  /** @throws ServiceError ATTACHMENT_IN_USE while a turn needs it that has not ended */
  async remove(caller: Caller, sessionId: string, attachmentId: string): Promise<void> {
    await this.#core.known.get(caller, sessionId)
    const result = await this.#store.removeAttachment(caller.tenantId, sessionId, attachmentId)
    if (result.removed) return
    const { neededBy } = result
    if (neededBy === undefined) throw notFound('ATTACHMENT_NOT_FOUND', attachmentId)
    const message = `Attachment ${attachmentId} is needed by turn ${neededBy}, which has not ended`
    throw new ServiceError('ATTACHMENT_IN_USE', message, { turnId: neededBy })
  }
}

/** Off this thread: twenty megabytes take a while. */
async function digest(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
}

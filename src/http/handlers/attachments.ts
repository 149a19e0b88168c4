import { Readable } from 'node:stream'
import type { Attachment } from '../../contract/attachments.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import { blockTypeOf } from '../../sessions/attachments/attachment-content.ts'
import type { AttachmentRecord } from '../../sessions/records.ts'
import { toContentDisposition } from '../content-disposition.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage, toPosition } from '../pagination.ts'

type AttachmentHandlers = Pick<
  Handlers,
  'createAttachment' | 'listAttachments' | 'getAttachment' | 'deleteAttachment'
>

export function attachmentHandlers(deps: HttpDeps): AttachmentHandlers {
  return {
    async createAttachment({ caller, params, query, upload }) {
      const file = { bytes: upload.bytes, name: query.name, claimedType: upload.contentType }
      const attachment = await deps.service.attachments.add(caller, params.sessionId, file)
      return { status: 201, body: toAttachment(attachment) }
    },

    async listAttachments({ caller, params: { sessionId }, query }) {
      const list = openPage(query, ['attachments', sessionId])
      const page = { ...list.page, ...toPosition(list.key) }
      const { attachments, total } = await deps.service.attachments.list(caller, sessionId, page)
      const { items, pagination } = list.close(attachments, total, ({ createdAt, id }) => [createdAt, id])
      return { status: 200, body: { sessionId, attachments: items.map(toAttachment), pagination } }
    },

    async getAttachment({ caller, params: { sessionId, attachmentId } }) {
      const { attachment, content } = await deps.service.attachments.read(caller, sessionId, attachmentId)
      const { mediaType, name, sizeBytes, sha256 } = attachment
      return {
        file: {
          status: 200,
          headers: {
            'Content-Type': mediaType === 'text/plain' ? `${mediaType}; charset=utf-8` : mediaType,
            'Content-Length': String(sizeBytes),
            'Content-Disposition': toContentDisposition('attachment', name),
            ETag: `"${sha256}"`,
            // Uploaded content must never run as a page of this host.
            'Content-Security-Policy': "default-src 'none'; sandbox",
            'Cache-Control': 'private, no-cache, no-transform',
          },
          content: Readable.from(content, { objectMode: false }),
        },
      }
    },

    async deleteAttachment({ caller, params: { sessionId, attachmentId } }) {
      await deps.service.attachments.remove(caller, sessionId, attachmentId)
      return { status: 204 }
    },
  }
}

function toAttachment(attachment: AttachmentRecord): Attachment {
  const { id, sessionId, name, mediaType, sizeBytes, sha256, createdAt } = attachment
  return {
    attachmentId: id,
    sessionId,
    type: blockTypeOf(mediaType),
    name,
    mediaType,
    sizeBytes,
    sha256,
    createdAt: toTimestamp(createdAt),
    createdBy: attachment.createdBy,
  }
}

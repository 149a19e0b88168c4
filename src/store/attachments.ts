import { sql } from 'kysely'
import { attachmentIdsOf } from '../contract/attachments.ts'
import { invalidField } from '../contract/errors.ts'
import type { AttachmentStore, Page } from '../sessions/ports/index.ts'
import type { AttachmentRecord, TurnRecord } from '../sessions/records.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Connection } from './node-sqlite.ts'
import type { AttachmentRow, QueryBuilder } from './schema.ts'
import { isUnfinished } from './turn-queries.ts'

const pieceBytes = 1024 * 1024

/** The files of sessions: see the port `AttachmentStore`. */
export function createAttachments(
  connection: Connection,
  writer: GroupCommit,
  ensureOpen: () => void,
): AttachmentStore {
  const { db } = connection
  const remove = (id: string) => connection.run(db.deleteFrom('attachments').where('id', '=', id))

  async function writePieces(id: string, bytes: Uint8Array): Promise<void> {
    for (let start = 0, position = 0; start < bytes.length; start += pieceBytes, position++) {
      const piece = bytes.subarray(start, start + pieceBytes)
      const row = { attachment_id: id, position, bytes: piece }
      await writer.write(() => connection.run(db.insertInto('attachment_pieces').values(row)))
    }
    await writer.write(() =>
      connection.run(db.updateTable('attachments').set({ complete: 1 }).where('id', '=', id)),
    )
  }

  return {
    async addAttachment(attachment, bytes, limit) {
      ensureOpen()
      const { id, tenantId, sessionId, sizeBytes } = attachment
      const row = toAttachmentRow(attachment)
      const used = await writer.write(() => {
        const sum = connection.first(sumSizes(db, tenantId, sessionId))?.bytes ?? 0
        if (sum + sizeBytes <= limit) connection.run(db.insertInto('attachments').values(row))
        return sum
      })
      if (used + sizeBytes > limit) return { added: false, used }
      try {
        await writePieces(id, bytes)
      } catch (error) {
        // What cannot be removed now is removed at the next start.
        await writer.write(() => remove(id)).catch(() => undefined)
        throw error
      }
      return { added: true }
    },

    async findAttachment(tenantId, sessionId, attachmentId) {
      ensureOpen()
      const row = connection.first(selectAttachment(db, tenantId, sessionId, attachmentId))
      return row && toAttachmentRecord(row)
    },

    async listAttachments(tenantId, sessionId, page) {
      ensureOpen()
      const rows = connection.all(selectAttachments(db, tenantId, sessionId, page))
      const total = connection.first(countAttachments(db, tenantId, sessionId))?.count ?? 0
      return { attachments: rows.map(toAttachmentRecord), total }
    },

    async readPiece(tenantId, sessionId, attachmentId, position) {
      ensureOpen()
      const piece = connection.first(selectPiece(db, tenantId, sessionId, attachmentId, position))?.bytes
      return piece && Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    },

    async removeAttachment(tenantId, sessionId, attachmentId) {
      ensureOpen()
      return writer.write(() => {
        const found = connection.first(selectAttachment(db, tenantId, sessionId, attachmentId))
        const neededBy = found && connection.first(selectNeed(db, attachmentId))?.id
        if (!found || neededBy !== undefined) return { removed: false, neededBy }
        remove(attachmentId)
        return { removed: true }
      })
    },

    async removeIncomplete() {
      ensureOpen()
      for (const { id } of connection.all(selectIncomplete(db))) await writer.write(() => remove(id))
    },
  }
}

/**
 * Notes what a turn needs, so that it is not removed before the turn has ended; to be called within the
 * transaction that stores the turn.
 * @throws ServiceError INVALID_REQUEST when an attachment was removed since the prompt was checked
 */
export function linkAttachments(connection: Connection, turn: TurnRecord): void {
  const { db } = connection
  for (const attachmentId of attachmentIdsOf(turn.prompt)) {
    const known = connection.first(selectAttachment(db, turn.tenantId, turn.sessionId, attachmentId))
    if (!known) throw invalidField('prompt', `attachment ${attachmentId} is not there any more`)
    connection.run(
      db.insertInto('turn_attachments').values({ turn_id: turn.id, attachment_id: attachmentId }),
    )
  }
}

/** Removes one attachment of the session, also one that turns refer to; false: there was none. */
export function removeOldestAttachment(connection: Connection, sessionId: string): boolean {
  const { db } = connection
  const oldest = connection.first(
    db
      .selectFrom('attachments')
      .select('id')
      .where('session_id', '=', sessionId)
      .orderBy('created_at')
      .limit(1),
  )
  if (oldest) connection.run(db.deleteFrom('attachments').where('id', '=', oldest.id))
  return oldest !== undefined
}

export function selectAttachment(
  db: QueryBuilder,
  tenantId: string,
  sessionId: string,
  attachmentId: string,
) {
  return complete(db, tenantId, sessionId).selectAll().where('id', '=', attachmentId)
}

export function selectAttachments(db: QueryBuilder, tenantId: string, sessionId: string, page: Page) {
  const { position } = page
  let selection = complete(db, tenantId, sessionId)
  if (position) {
    selection = selection.where(eb =>
      eb(eb.refTuple('created_at', 'id'), '>', eb.tuple(position.at, position.id)),
    )
  }
  return selection.selectAll().orderBy('created_at').orderBy('id').limit(page.limit).offset(page.offset)
}

export function sumSizes(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db
    .selectFrom('attachments')
    .select(eb => eb.fn.sum<number>('size_bytes').as('bytes'))
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
}

/** A turn that has not ended and refers to the attachment. */
export function selectNeed(db: QueryBuilder, attachmentId: string) {
  return db
    .selectFrom('turn_attachments')
    .innerJoin('turns', 'turns.id', 'turn_attachments.turn_id')
    .select('turns.id')
    .where('turn_attachments.attachment_id', '=', attachmentId)
    .where(isUnfinished)
    .limit(1)
}

export function selectPiece(
  db: QueryBuilder,
  tenantId: string,
  sessionId: string,
  attachmentId: string,
  position: number,
) {
  return db
    .selectFrom('attachment_pieces')
    .innerJoin('attachments', 'attachments.id', 'attachment_pieces.attachment_id')
    .select('attachment_pieces.bytes')
    .where('attachment_pieces.attachment_id', '=', attachmentId)
    .where('attachment_pieces.position', '=', position)
    .where('attachments.session_id', '=', sessionId)
    .where('attachments.tenant_id', '=', tenantId)
}

function countAttachments(db: QueryBuilder, tenantId: string, sessionId: string) {
  return complete(db, tenantId, sessionId).select(eb => eb.fn.countAll<number>().as('count'))
}

function complete(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db
    .selectFrom('attachments')
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
    .where('complete', '=', 1)
}

export function selectIncomplete(db: QueryBuilder) {
  return db.selectFrom('attachments').select('id').where('complete', '=', sql.lit(0))
}

function toAttachmentRow(attachment: AttachmentRecord): AttachmentRow {
  return {
    id: attachment.id,
    session_id: attachment.sessionId,
    tenant_id: attachment.tenantId,
    created_by: attachment.createdBy,
    name: attachment.name,
    media_type: attachment.mediaType,
    size_bytes: attachment.sizeBytes,
    sha256: attachment.sha256,
    created_at: attachment.createdAt,
    complete: 0,
  }
}

function toAttachmentRecord(row: AttachmentRow): AttachmentRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    tenantId: row.tenant_id,
    createdBy: row.created_by,
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    createdAt: row.created_at,
  }
}

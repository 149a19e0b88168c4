import { type ExpressionBuilder, sql } from 'kysely'
import type { AttachmentStore, Page } from '../sessions/ports/index.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import { prepared, preparedBy, preparedInsert } from './query.ts'
import { attachmentColumns } from './records.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'
import { lockSession } from './session-queries.ts'
import { isUnfinished } from './turn-queries.ts'

const pieceBytes = 1024 * 1024

/** The files of sessions: see the port `AttachmentStore`. */
export function createAttachments(database: Database): AttachmentStore {
  const remove = (id: string) => database.transaction(() => run(deleteAttachment({ id })))

  async function writePieces(id: string, bytes: Uint8Array): Promise<void> {
    for (let start = 0, position = 0; start < bytes.length; start += pieceBytes, position++) {
      const piece = bytes.subarray(start, start + pieceBytes)
      await database.transaction(() => run(insertPiece({ attachment_id: id, position, bytes: piece })))
    }
    await database.transaction(
      () => run(completeAttachment({ id })),
      () => ({ details: { attachmentId: id } }),
    )
  }

  return {
    async addAttachment(attachment, bytes, limit) {
      const { id, tenantId, sessionId, sizeBytes } = attachment
      const row = { ...attachmentColumns.toRow(attachment), complete: 0 }
      const used = await database.transaction(function* () {
        yield* lockSession(tenantId, sessionId)
        const sum = (yield* first(sumSizes({ tenantId, sessionId })))?.bytes ?? 0
        if (sum + sizeBytes <= limit) yield* run(insertAttachment(row))
        return sum
      })
      if (used + sizeBytes > limit) return { added: false, used }
      try {
        await writePieces(id, bytes)
      } catch (error) {
        // Leftovers are removed when the session is next recovered.
        await remove(id).catch(() => undefined)
        throw error
      }
      return { added: true }
    },

    async findAttachment(tenantId, sessionId, attachmentId) {
      const row = await database.first(selectAttachment({ tenantId, sessionId, attachmentId }))
      return row && attachmentColumns.toRecord(row)
    },

    listAttachments(tenantId, sessionId, page) {
      return database.read(function* () {
        const rows = yield* all(selectAttachments(tenantId, sessionId, page))
        const total = (yield* first(countAttachments({ tenantId, sessionId })))?.count ?? 0
        return { attachments: rows.map(attachmentColumns.toRecord), total }
      })
    },

    async readPiece(tenantId, sessionId, attachmentId, position) {
      const query = selectPiece({ tenantId, sessionId, attachmentId, position })
      const piece = (await database.first(query))?.bytes
      return piece && Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    },

    removeAttachment(tenantId, sessionId, attachmentId) {
      const removal = function* () {
        // Locked: a turn that comes meanwhile and needs it waits, and finds it gone.
        const found = yield* first(selectForRemoval({ tenantId, sessionId, attachmentId }))
        const neededBy = found && (yield* first(selectNeed({ attachmentId })))?.id
        if (!found || neededBy !== undefined) return { removed: false as const, neededBy }
        yield* run(deleteAttachment({ id: attachmentId }))
        return { removed: true as const }
      }
      return database.transaction(removal, ({ removed }) =>
        removed ? { details: { attachmentId } } : undefined,
      )
    },
  }
}

interface OfSession {
  tenantId: string
  sessionId: string
}

type OfAttachment = OfSession & { attachmentId: string }

/**
 * Notes that a turn needs an attachment, so that it is not removed before the turn has ended; to be run within the
 * transaction that stores the turn.
 * @returns false when there is no such attachment
 */
export function* linkAttachment(link: OfAttachment & { turnId: string }): Body<boolean> {
  return (yield* run(insertLink(link))) === 1
}

/** Removes one attachment of the session, also one that turns refer to; false: there was none. */
export function* removeOldestAttachment(sessionId: string): Body<boolean> {
  const oldest = yield* first(selectOldest({ sessionId }))
  if (oldest) yield* run(deleteAttachment({ id: oldest.id }))
  return oldest !== undefined
}

const insertAttachment = preparedInsert('attachments')
const insertPiece = preparedInsert('attachment_pieces')

const insertLink = prepared((db, link: OfAttachment & { turnId: string }) =>
  db
    .insertInto('turn_attachments')
    .columns(['turn_id', 'attachment_id'])
    .expression(
      complete(db, link)
        .where('id', '=', link.attachmentId)
        .select([sql.val(link.turnId).as('turn_id'), 'id as attachment_id']),
    ),
)

const completeAttachment = prepared((db, of: { id: string }) =>
  db.updateTable('attachments').set({ complete: 1 }).where('id', '=', of.id),
)

export const deleteAttachment = prepared((db, of: { id: string }) =>
  db.deleteFrom('attachments').where('id', '=', of.id),
)

const selectOldest = prepared((db, of: { sessionId: string }) =>
  db
    .selectFrom('attachments')
    .select('id')
    .where('session_id', '=', of.sessionId)
    .orderBy('created_at')
    .limit(1),
)

export const selectAttachment = prepared((db, of: OfAttachment) =>
  complete(db, of).selectAll().where('id', '=', of.attachmentId),
)

const selectForRemoval = prepared((db, of: OfAttachment, dialect) => {
  const selection = complete(db, of).select('id').where('id', '=', of.attachmentId)
  return dialect.locksRows ? selection.forUpdate() : selection
})

type PageValues = OfSession & { limit: number; offset: number; at?: number; id?: string }

export function selectAttachments(tenantId: string, sessionId: string, { limit, offset, position }: Page) {
  return selectPage(position ? 'behind' : 'first', { tenantId, sessionId, limit, offset, ...position })
}

const selectPage = preparedBy((db, page: PageValues, shape: 'first' | 'behind') => {
  let selection = complete(db, page)
  if (shape === 'behind') {
    selection = selection.where(eb =>
      eb(eb.refTuple('created_at', 'id'), '>', eb.tuple(eb.val(page.at ?? 0), eb.val(page.id ?? ''))),
    )
  }
  return selection.selectAll().orderBy('created_at').orderBy('id').limit(page.limit).offset(page.offset)
})

export const sumSizes = prepared((db, of: OfSession) =>
  db
    .selectFrom('attachments')
    .select(eb => eb.fn.sum<number>('size_bytes').as('bytes'))
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

/** A turn that has not ended and refers to the attachment. */
export const selectNeed = prepared((db, of: { attachmentId: string }) =>
  db
    .selectFrom('turn_attachments')
    .innerJoin('turns', 'turns.id', 'turn_attachments.turn_id')
    .select('turns.id')
    .where('turn_attachments.attachment_id', '=', of.attachmentId)
    .where(isUnfinished)
    .limit(1),
)

export const selectPiece = prepared((db, of: OfAttachment & { position: number }) =>
  db
    .selectFrom('attachment_pieces')
    .innerJoin('attachments', 'attachments.id', 'attachment_pieces.attachment_id')
    .select('attachment_pieces.bytes')
    .where('attachment_pieces.attachment_id', '=', of.attachmentId)
    .where('attachment_pieces.position', '=', of.position)
    .where('attachments.session_id', '=', of.sessionId)
    .where('attachments.tenant_id', '=', of.tenantId),
)

const countAttachments = prepared((db, of: OfSession) =>
  complete(db, of).select(eb => eb.fn.countAll<number>().as('count')),
)

/** A literal and no parameter: only so does the planner know that the partial index holds what is asked for. */
export function isIncomplete(eb: ExpressionBuilder<StoreSchema, 'attachments'>) {
  return eb('attachments.complete', '=', sql.lit(0))
}

function complete(db: QueryBuilder, of: OfSession) {
  return db
    .selectFrom('attachments')
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where('complete', '=', 1)
}

import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { AttachmentRecord, SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, tenantId, turnRecord } from './store-records.ts'

const page = { limit: 10, offset: 0 }

/** What the port `AttachmentStore` promises, and what turns and retention have to do with it. */
export function attachmentCases(context: StoreContext): void {
  const attachmentOf = (session: SessionRecord, bytes: Uint8Array, more: Partial<AttachmentRecord> = {}) =>
    ({
      id: randomUUID(),
      tenantId: session.tenantId,
      sessionId: session.id,
      createdBy: 'key-1',
      name: 'a file.txt',
      mediaType: 'text/plain',
      sizeBytes: bytes.length,
      sha256: 'f'.repeat(64),
      createdAt: 5_000,
      ...more,
    }) satisfies AttachmentRecord

  const add = async (session: SessionRecord, bytes: Uint8Array, more: Partial<AttachmentRecord> = {}) => {
    const attachment = attachmentOf(session, bytes, more)
    const result = await context.store.attachments.addAttachment(attachment, bytes, 100_000_000)
    expect(result).toEqual({ added: true })
    return attachment
  }

  const read = async ({ tenantId, sessionId, id }: AttachmentRecord) => {
    const pieces: Buffer[] = []
    for (;;) {
      const piece = await context.store.attachments.readPiece(tenantId, sessionId, id, pieces.length)
      if (!piece) return Buffer.concat(pieces)
      pieces.push(piece)
    }
  }

  test('gives back every byte, in pieces', async () => {
    const session = await context.addSession()
    for (const size of [1, 1024 * 1024, 3 * 1024 * 1024 + 17]) {
      const bytes = Buffer.alloc(size, 'every byte \0\xff', 'latin1')
      const attachment = await add(session, bytes)
      expect((await read(attachment)).equals(bytes)).toBe(true)
      expect(await context.store.attachments.findAttachment(tenantId, session.id, attachment.id)).toEqual(
        attachment,
      )
    }
  })

  test('lists those of a session, oldest first', async () => {
    const session = await context.addSession()
    const second = await add(session, Buffer.from('b'), { createdAt: 2 })
    const first = await add(session, Buffer.from('a'), { createdAt: 1 })
    await add(await context.addSession(), Buffer.from('c'))
    const { attachments } = context.store
    expect(await attachments.listAttachments(tenantId, session.id, page)).toEqual({
      attachments: [first, second],
      total: 2,
    })
    expect(await attachments.listAttachments(tenantId, session.id, { limit: 1, offset: 1 })).toEqual({
      attachments: [second],
      total: 2,
    })
  })

  test('shows nothing of another tenant or session', async () => {
    const session = await context.addSession()
    const { id } = await add(session, Buffer.from('a'))
    const { attachments } = context.store
    const other = await context.addSession()
    for (const [tenant, sessionId] of [
      ['tenant-b', session.id],
      [tenantId, other.id],
    ] as const) {
      expect(await attachments.findAttachment(tenant, sessionId, id)).toBeUndefined()
      expect(await attachments.readPiece(tenant, sessionId, id, 0)).toBeUndefined()
      expect(await attachments.listAttachments(tenant, sessionId, page)).toEqual({
        attachments: [],
        total: 0,
      })
      expect(await attachments.removeAttachment(tenant, sessionId, id)).toEqual({
        removed: false,
        neededBy: undefined,
      })
    }
    expect(await attachments.findAttachment(tenantId, session.id, id)).toBeDefined()
  })

  test('takes no more than the limit, also of those that come at once', async () => {
    const session = await context.addSession()
    const { attachments } = context.store
    const bytes = Buffer.alloc(40)
    const results = await Promise.all(
      Array.from({ length: 4 }, () => attachments.addAttachment(attachmentOf(session, bytes), bytes, 100)),
    )
    expect(results.filter(({ added }) => added)).toHaveLength(2)
    expect(results.filter(({ added }) => !added)).toEqual([
      { added: false, used: 80 },
      { added: false, used: 80 },
    ])
    expect(await attachments.listAttachments(tenantId, session.id, page)).toMatchObject({ total: 2 })
  })

  test('one that is being written is seen by nobody, and cleared away when it was left behind', async () => {
    const session = await context.addSession()
    const { attachments } = context.store
    // So many pieces that the writer is still at it when what is left behind is cleared away.
    const bytes = Buffer.alloc(24 * 1024 * 1024, 1)
    const attachment = attachmentOf(session, bytes)
    const adding = attachments.addAttachment(attachment, bytes, 100_000_000)
    const isBegun = async () =>
      (await context.store.leftovers.listSessionsLeft()).some(({ sessionId }) => sessionId === session.id)
    await expect.poll(isBegun, { interval: 1, timeout: 60_000 }).toBe(true)
    expect(await attachments.findAttachment(tenantId, session.id, attachment.id)).toBeUndefined()
    // As a start does after a crash; here the writer goes on and finds that there is nothing to write to.
    await context.store.leftovers.takeLeftovers(tenantId, session.id, 9_000)
    await expect(adding).rejects.toThrow()
    expect(await attachments.listAttachments(tenantId, session.id, page)).toEqual({
      attachments: [],
      total: 0,
    })
    const kept = await add(session, Buffer.from('kept'))
    await context.store.leftovers.takeLeftovers(tenantId, session.id, 9_000)
    expect(await attachments.findAttachment(tenantId, session.id, kept.id)).toEqual(kept)
  })

  test('is kept while a turn needs it that has not ended', async () => {
    const session = await context.addSession()
    const { store } = context
    const { id } = await add(session, Buffer.from('a'))
    const block = { type: 'document', source: { type: 'attachment', attachmentId: id } } as const
    const turn = turnRecord(session, { prompt: [block, { type: 'text', text: 'read' }, block] })
    await store.commit(changeOf(session, { insertTurn: turn }))
    const remove = () => store.attachments.removeAttachment(tenantId, session.id, id)
    for (const status of ['running', 'requires_action'] as const) {
      expect(await remove()).toEqual({ removed: false, neededBy: turn.id })
      await store.commit(changeOf(session, { updateTurn: { id: turn.id, status } }))
    }
    expect(await remove()).toEqual({ removed: false, neededBy: turn.id })
    await store.commit(changeOf(session, { updateTurn: { id: turn.id, status: 'completed' } }))
    expect(await remove()).toEqual({ removed: true })
    expect((await store.findTurn(tenantId, session.id, turn.id))?.prompt).toEqual(turn.prompt)
    expect(await remove()).toEqual({ removed: false, neededBy: undefined })
  })

  test('a turn that needs what is not there is not stored', async () => {
    const session = await context.addSession()
    const source = { type: 'attachment', attachmentId: randomUUID() } as const
    const turn = turnRecord(session, { prompt: [{ type: 'image', source }] })
    await expect(context.store.commit(changeOf(session, { insertTurn: turn }))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(await context.store.findTurn(tenantId, session.id, turn.id)).toBeUndefined()
    const ended = turnRecord(session, { prompt: turn.prompt, status: 'completed' })
    await context.store.commit(changeOf(session, { insertTurn: ended }))
  })

  test('goes with its session, before the events', async () => {
    const session = await context.addSession({ status: 'ended', endedAt: 100 })
    const { store } = context
    await store.commit(changeOf(session, { events: [{ type: 'session.ended', turnId: null, payload: {} }] }))
    await add(session, Buffer.from('a'))
    await add(session, Buffer.from('b'))
    const total = async () => (await store.attachments.listAttachments(tenantId, session.id, page)).total
    expect(await store.trimEvents(99, 10)).toBe(false)
    for (const left of [1, 0]) {
      expect(await store.trimEvents(100, 10)).toBe(true)
      expect(await total()).toBe(left)
    }
    expect(await context.eventsOf(session)).toHaveLength(1)
    expect(await store.trimEvents(100, 10)).toBe(true)
    expect(await context.eventsOf(session)).toEqual([])
    expect(await store.trimEvents(100, 10)).toBe(false)
  })
}

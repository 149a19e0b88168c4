import { invalidField, notFound } from '../../contract/errors.ts'
import { checkInlineBlock } from '../../contract/inline-content.ts'
import type { Prompt, PromptBlock } from '../../contract/turns.ts'
import type { AttachmentStore } from '../ports/index.ts'
import type { AttachmentRecord, SessionRecord } from '../records.ts'
import type { TurnRequest } from '../turns/turn-request.ts'
import { blockTypeOf } from './attachment-content.ts'

interface Owner {
  tenantId: string
  sessionId: string
}

/**
 * Makes a request for a turn ready to be accepted.
 * @throws ServiceError INVALID_REQUEST and PAYLOAD_TOO_LARGE, which name the block of the prompt
 */
export async function checkRequest(
  store: AttachmentStore,
  session: SessionRecord,
  request: TurnRequest,
): Promise<TurnRequest> {
  const { prompt, onBusy } = request
  const owner = { tenantId: session.tenantId, sessionId: session.id }
  await checkPrompt(store, owner, prompt)
  return onBusy === 'steer' ? { ...request, filledIn: await fillIn(store, owner, prompt) } : request
}

async function checkPrompt(store: AttachmentStore, owner: Owner, prompt: Prompt): Promise<void> {
  if (typeof prompt === 'string') return
  for (const [index, block] of prompt.entries()) {
    const path = `prompt[${index}]`
    checkInlineBlock(block, path)
    if (block.type === 'text' || block.source.type !== 'attachment') continue
    const { attachmentId } = block.source
    const attachment = await store.findAttachment(owner.tenantId, owner.sessionId, attachmentId)
    const field = `${path}.source.attachmentId`
    if (!attachment) throw invalidField(field, 'must be an attachment of this session')
    if (blockTypeOf(attachment.mediaType) !== block.type) {
      throw invalidField(
        field,
        `is ${attachment.mediaType}, which does not fit into a block of type ${block.type}`,
      )
    }
  }
}

/** The prompt as Claude Code takes it: with the contents in the place of what it refers to. */
export async function fillIn(store: AttachmentStore, owner: Owner, prompt: Prompt): Promise<Prompt> {
  if (typeof prompt === 'string' || !prompt.some(refersToAttachment)) return prompt
  const filled: PromptBlock[] = []
  for (const block of prompt) filled.push(await fillInBlock(store, owner, block))
  return filled
}

function refersToAttachment(block: PromptBlock): boolean {
  return block.type !== 'text' && block.source.type === 'attachment'
}

async function fillInBlock(
  store: AttachmentStore,
  { tenantId, sessionId }: Owner,
  block: PromptBlock,
): Promise<PromptBlock> {
  if (block.type === 'text' || block.source.type !== 'attachment') return block
  const attachment = await store.findAttachment(tenantId, sessionId, block.source.attachmentId)
  if (!attachment) throw notFound('ATTACHMENT_NOT_FOUND', block.source.attachmentId)
  const bytes = Buffer.concat(await Array.fromAsync(readContent(store, attachment)))
  const { mediaType, name } = attachment
  if (mediaType === 'text/plain') {
    const data = new TextDecoder().decode(bytes)
    return { title: name, ...block, type: 'document', source: { type: 'text', media_type: mediaType, data } }
  }
  const data = bytes.toString('base64')
  if (mediaType === 'application/pdf') {
    return {
      title: name,
      ...block,
      type: 'document',
      source: { type: 'base64', media_type: mediaType, data },
    }
  }
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data } }
}

/**
 * Reads an attachment's content piece by piece.
 *
 * @throws ServiceError ATTACHMENT_NOT_FOUND if it is removed meanwhile
 */
export async function* readContent(
  store: AttachmentStore,
  attachment: AttachmentRecord,
): AsyncGenerator<Buffer, void> {
  const { tenantId, sessionId, id, sizeBytes } = attachment
  let left = sizeBytes
  for (let position = 0; left > 0; position++) {
    const piece = await store.readPiece(tenantId, sessionId, id, position)
    if (!piece) throw notFound('ATTACHMENT_NOT_FOUND', id)
    left -= piece.length
    yield piece
  }
}

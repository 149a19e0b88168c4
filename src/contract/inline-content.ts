import { detectBinaryMediaType, detectMediaType, signatureBytes } from '../lib/media-type.ts'
import { type AttachmentMediaType, attachmentLimits } from './attachments.ts'
import { invalidField, ServiceError } from './errors.ts'
import type { PromptBlock } from './turns.ts'

/**
 * Checks the content that a block of a prompt carries itself.
 * @param path of the block, such as `prompt[0]`
 * @throws ServiceError INVALID_REQUEST, PAYLOAD_TOO_LARGE
 */
export function checkInlineBlock(block: PromptBlock, path: string): void {
  if (block.type === 'text' || block.source.type === 'attachment') return
  const { source } = block
  if (source.type === 'text') {
    refuseTooLarge('text/plain', Buffer.byteLength(source.data), `${path}.source.data`)
    return
  }
  const size = Buffer.byteLength(source.data, 'base64')
  const mediaType = detectInline(source.data)
  if (!mediaType || mediaType !== source.media_type) {
    const found = mediaType ? `which is ${mediaType}` : 'which is not such a file'
    throw invalidField(`${path}.source.media_type`, `${source.media_type} must match the data, ${found}`)
  }
  refuseTooLarge(mediaType, size, `${path}.source.data`)
}

function detectInline(base64: string): AttachmentMediaType | undefined {
  // Four characters are three bytes. All of it is decoded only where its beginning does not tell.
  const head = Buffer.from(base64.slice(0, Math.ceil(signatureBytes / 3) * 4), 'base64')
  return detectBinaryMediaType(head) ?? detectMediaType(Buffer.from(base64, 'base64'))
}

/** @throws ServiceError PAYLOAD_TOO_LARGE */
export function refuseTooLarge(mediaType: AttachmentMediaType, size: number, what: string): void {
  const limit = limitOf(mediaType)
  if (size <= limit) return
  throw new ServiceError('PAYLOAD_TOO_LARGE', `${what} must have at most ${limit} bytes for ${mediaType}`, {
    limit,
  })
}

function limitOf(mediaType: AttachmentMediaType): number {
  if (mediaType === 'application/pdf') return attachmentLimits.pdf
  return mediaType === 'text/plain' ? attachmentLimits.text : attachmentLimits.image
}

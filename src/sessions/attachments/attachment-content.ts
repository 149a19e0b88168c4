import { type AttachmentMediaType, attachmentLimits } from '../../contract/attachments.ts'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { PromptBlock } from '../../contract/turns.ts'
import { agreesWith, detectBinaryMediaType, detectMediaType, signatureBytes } from '../../lib/media-type.ts'

export type BlockType = 'image' | 'document'

/** The type of content block that a content fits into. */
export function blockTypeOf(mediaType: AttachmentMediaType): BlockType {
  return mediaType.startsWith('image/') ? 'image' : 'document'
}

/**
 * Returns the media type of an uploaded content.
 * @throws ServiceError INVALID_REQUEST, PAYLOAD_TOO_LARGE
 */
export function checkContent(bytes: Uint8Array, claimedType: string | undefined): AttachmentMediaType {
  if (bytes.length === 0) throw invalidField('', 'the body must not be empty')
  const mediaType = detectMediaType(bytes)
  if (!mediaType) {
    throw invalidField('', 'the body must be PNG, JPEG, GIF, WebP, PDF, or text in UTF-8 without NUL')
  }
  if (!agreesWith(claimedType, mediaType)) {
    throw invalidField('Content-Type', `must match the body, which is ${mediaType}, not ${claimedType}`)
  }
  refuseTooLarge(mediaType, bytes.length, 'The body')
  return mediaType
}

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

function refuseTooLarge(mediaType: AttachmentMediaType, size: number, what: string): void {
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

const extensions: Record<AttachmentMediaType, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'application/pdf': 'pdf',
  'text/plain': 'txt',
}

/** The name of a content that was given none. */
export function defaultName(mediaType: AttachmentMediaType): string {
  return `${blockTypeOf(mediaType)}.${extensions[mediaType]}`
}

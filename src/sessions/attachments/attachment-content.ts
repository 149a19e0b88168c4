import type { AttachmentMediaType } from '../../contract/attachments.ts'
import { invalidField } from '../../contract/errors.ts'
import { refuseTooLarge } from '../../contract/inline-content.ts'
import { agreesWith, detectMediaType } from '../../lib/media-type.ts'

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

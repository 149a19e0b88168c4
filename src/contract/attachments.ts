import { z } from 'zod'
import { imageMediaTypes } from '../lib/media-type.ts'
import { createdBy, identifier, sessionIdentifier, timestamp } from './primitives.ts'
import { type Prompt, pageParameters, pagination } from './turns.ts'

/** The largest content of each kind, in bytes, for inline and uploaded files alike. */
export const attachmentLimits = {
  /** The limit of the Messages API. */
  image: 5 * 1024 * 1024,
  /** The Messages API takes requests of 32 MB, and base64 adds a third. */
  pdf: 20 * 1024 * 1024,
  text: 5 * 1024 * 1024,
} as const

export const attachmentMediaType = z.enum([...imageMediaTypes, 'application/pdf', 'text/plain'])

export const attachment = z
  .strictObject({
    attachmentId: identifier.meta({ description: 'Id of the attachment' }),
    sessionId: sessionIdentifier,
    type: z.enum(['image', 'document']).meta({ description: 'The type of content block to use it in' }),
    name: z.string().meta({ description: 'File name' }),
    mediaType: attachmentMediaType.meta({
      description: 'The type of the actual content, regardless of the declared type',
    }),
    sizeBytes: z.int().min(1).meta({ description: 'Size of the content in bytes' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .meta({ description: 'SHA-256 of the content, in hexadecimal' }),
    createdAt: timestamp,
    createdBy,
  })
  .meta({
    id: 'Attachment',
    description: `A file of a session that prompts can refer to: an image (at most ${attachmentLimits.image} bytes), a PDF (${attachmentLimits.pdf}) or a text in UTF-8 (${attachmentLimits.text})`,
  })

export const createAttachmentQuery = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069/\\]*$/u, 'must not contain control characters, / or \\')
    .optional()
    .meta({ description: "The file's name; for a document, Claude sees it as the title" }),
})

export const listAttachmentsQuery = z.strictObject({
  ...pageParameters(1000, 100),
})

export const listAttachmentsResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    attachments: z.array(attachment).meta({ description: 'The attachments of this page' }),
    pagination,
  })
  .meta({ id: 'ListAttachmentsResponse' })

/** The ids of the attachments that a prompt refers to, without duplicates. */
export function attachmentIdsOf(prompt: Prompt): string[] {
  if (typeof prompt === 'string') return []
  const ids = prompt.flatMap(block =>
    block.type !== 'text' && block.source.type === 'attachment' ? [block.source.attachmentId] : [],
  )
  return [...new Set(ids)]
}

export type Attachment = z.infer<typeof attachment>
export type AttachmentMediaType = z.infer<typeof attachmentMediaType>
export type ListAttachmentsResponse = z.infer<typeof listAttachmentsResponse>

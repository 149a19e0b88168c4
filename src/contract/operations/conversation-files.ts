import {
  attachment,
  createAttachmentQuery,
  listAttachmentsQuery,
  listAttachmentsResponse,
} from '../attachments.ts'
import { exportQuery } from '../export.ts'
import { defaults, type Operation, ofSession } from '../operation.ts'
import { pathId } from '../primitives.ts'
import { sessionUsage } from '../usage.ts'

const ofAttachment = ofSession.extend({ attachmentId: pathId })
const file = 'application/octet-stream'

/** What goes into a conversation beside text, and what comes out of it as a whole. */
export const conversationFilesOperations = {
  createAttachment: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/attachments',
    tag: 'Conversation',
    summary: 'Upload an image, a PDF or a text for prompts to refer to',
    params: ofSession,
    query: createAttachmentQuery,
    upload:
      'The file itself. What it is, is told by its content; a `Content-Type` that says something else is refused',
    success: [{ status: 201, description: 'Stored', schema: attachment }],
    errors: ['SESSION_NOT_FOUND', 'SESSION_EXPIRED', 'SESSION_ENDED', 'ATTACHMENT_LIMIT_REACHED'],
    fault: 'INTERNAL',
  },
  listAttachments: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/attachments',
    tag: 'Conversation',
    summary: 'The attachments of a session, oldest first',
    params: ofSession,
    query: listAttachmentsQuery,
    success: [{ status: 200, description: 'One page', schema: listAttachmentsResponse }],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'INTERNAL',
  },
  getAttachment: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/attachments/:attachmentId',
    tag: 'Conversation',
    summary: 'The content of an attachment',
    params: ofAttachment,
    success: [
      {
        status: 200,
        description: "The bytes, with the content's own type, to be saved and not shown",
        contentType: file,
        headers: { 'Content-Disposition': '`attachment` with the name', ETag: 'SHA-256 of the content' },
      },
    ],
    errors: ['SESSION_NOT_FOUND', 'ATTACHMENT_NOT_FOUND'],
    fault: 'INTERNAL',
  },
  deleteAttachment: {
    ...defaults,
    method: 'delete',
    path: '/sessions/:sessionId/attachments/:attachmentId',
    tag: 'Conversation',
    summary: 'Remove an attachment that no unfinished turn needs',
    params: ofAttachment,
    success: [{ status: 204, description: 'Removed' }],
    errors: ['SESSION_NOT_FOUND', 'ATTACHMENT_NOT_FOUND', 'ATTACHMENT_IN_USE'],
    fault: 'INTERNAL',
  },
  getUsage: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/usage',
    tag: 'Conversation',
    summary: 'Tokens, cost and active time of a session',
    params: ofSession,
    success: [{ status: 200, description: 'Added up over its turns', schema: sessionUsage }],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'INTERNAL',
  },
  exportSession: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/export',
    tag: 'Conversation',
    summary: 'The whole conversation as a file, with tool calls and their results',
    params: ofSession,
    query: exportQuery,
    success: [
      {
        status: 200,
        description:
          '`application/x-ndjson`, `application/json`, `text/markdown` or `text/html`, as asked for; what is stored when the export begins',
        contentType: file,
        headers: { 'Content-Disposition': '`attachment` with a name for the file' },
      },
    ],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'GET_MESSAGES_FAILED',
  },
} as const satisfies Record<string, Operation>

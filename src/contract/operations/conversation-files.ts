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

const ofAttachment = ofSession.extend({ attachmentId: pathId.meta({ description: 'Id of the attachment' }) })
const file = 'application/octet-stream'

/** Operations on attachments, usage and exports. */
export const conversationFilesOperations = {
  createAttachment: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/attachments',
    needs: 'owner',
    scopes: ['sessions:write'],
    tag: 'Conversation',
    summary: 'Upload an image, a PDF or a text that prompts can refer to',
    params: ofSession,
    query: createAttachmentQuery,
    upload:
      'The file itself. Its type is detected from the content; a `Content-Type` that contradicts the content is refused',
    success: [{ status: 201, description: 'Stored', schema: attachment }],
    errors: ['SESSION_NOT_FOUND', 'SESSION_EXPIRED', 'SESSION_ENDED', 'ATTACHMENT_LIMIT_REACHED'],
    audit: { action: 'attachment.create', when: 'change', fields: ['name'] },
    fault: 'INTERNAL',
  },
  listAttachments: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/attachments',
    scopes: ['sessions:read'],
    tag: 'Conversation',
    summary: 'List the attachments of a session, oldest first',
    params: ofSession,
    query: listAttachmentsQuery,
    success: [{ status: 200, description: 'One page', schema: listAttachmentsResponse }],
    errors: ['SESSION_NOT_FOUND'],
    audit: { action: 'attachment.list', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getAttachment: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/attachments/:attachmentId',
    scopes: ['sessions:read'],
    tag: 'Conversation',
    summary: 'Download an attachment',
    params: ofAttachment,
    success: [
      {
        status: 200,
        description: 'The bytes with their media type, to be saved and not displayed',
        contentType: file,
        headers: { 'Content-Disposition': '`attachment` with the name', ETag: 'SHA-256 of the content' },
      },
    ],
    errors: ['SESSION_NOT_FOUND', 'ATTACHMENT_NOT_FOUND'],
    audit: { action: 'attachment.read', when: 'answer', fields: ['attachmentId'] },
    fault: 'INTERNAL',
  },
  deleteAttachment: {
    ...defaults,
    method: 'delete',
    path: '/sessions/:sessionId/attachments/:attachmentId',
    needs: 'owner',
    scopes: ['sessions:write'],
    tag: 'Conversation',
    summary: 'Remove an attachment, unless an unfinished turn needs it',
    params: ofAttachment,
    success: [{ status: 204, description: 'Removed' }],
    errors: ['SESSION_NOT_FOUND', 'ATTACHMENT_NOT_FOUND', 'ATTACHMENT_IN_USE'],
    audit: { action: 'attachment.delete', when: 'change', fields: ['attachmentId'] },
    fault: 'INTERNAL',
  },
  getUsage: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/usage',
    scopes: ['usage:read', 'sessions:read'],
    tag: 'Conversation',
    summary: 'Get tokens, cost and active time of a session',
    params: ofSession,
    success: [
      { status: 200, description: 'The sums over its turns and autonomous work', schema: sessionUsage },
    ],
    errors: ['SESSION_NOT_FOUND'],
    audit: { action: 'usage.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  exportSession: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/export',
    scopes: ['sessions:read'],
    tag: 'Conversation',
    summary: 'Export the whole conversation as a file, with tool calls and their results',
    params: ofSession,
    query: exportQuery,
    success: [
      {
        status: 200,
        description:
          '`application/x-ndjson`, `application/json`, `text/markdown` or `text/html`, as requested; has what is stored when the export begins',
        contentType: file,
        headers: { 'Content-Disposition': '`attachment` with a file name' },
      },
    ],
    errors: ['SESSION_NOT_FOUND'],
    audit: { action: 'session.export', when: 'answer', fields: ['format'] },
    fault: 'GET_MESSAGES_FAILED',
  },
} as const satisfies Record<string, Operation>

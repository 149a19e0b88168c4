import { z } from 'zod'
import { type ErrorCode, errorCatalogue } from './errors.ts'
import {
  identifier,
  idParameter,
  integerParameter,
  sessionIdentifier,
  tenantName,
  tenantParameter,
  timestamp,
  turnIdentifier,
} from './primitives.ts'

/** The actions that entries of the audit log name. */
export const auditActions = [
  'session.create',
  'session.list',
  'session.search',
  'session.read',
  'session.update',
  'session.end',
  'session.fork',
  'session.rewind',
  'session.compact',
  'session.export',
  'preset.create',
  'preset.read',
  'preset.update',
  'preset.version',
  'preset.delete',
  'prompt.send',
  'turn.read',
  'turn.retry',
  'turn.interrupt',
  'conversation.read',
  'permission.read',
  'permission.answer',
  'mcp.read',
  'mcp.change',
  'task.read',
  'task.stop',
  'attachment.create',
  'attachment.read',
  'attachment.list',
  'attachment.delete',
  'file.list',
  'file.read',
  'file.write',
  'file.delete',
  'file.archive',
  'file.diff',
  'webhook.create',
  'webhook.read',
  'webhook.update',
  'webhook.delete',
  'webhook.rotate',
  'webhook.ping',
  'webhook.redeliver',
  'push.subscribe',
  'push.read',
  'push.unsubscribe',
  'push.test',
  'key.create',
  'key.read',
  'key.update',
  'key.rotate',
  'key.revoke',
  'ticket.create',
  'console.login',
  'console.logout',
  'usage.read',
  'audit.read',
  'metrics.read',
  'server.read',
  'authenticate',
  'other',
] as const
export type AuditAction = (typeof auditActions)[number]

export const auditOutcomes = ['done', 'refused', 'failed'] as const
export type AuditOutcome = (typeof auditOutcomes)[number]

/** How an operation appears in the audit log. */
export interface AuditRule {
  action: AuditAction
  /**
   * `change`: in the transaction of what the request changes, or else before the response; `answer`: before the
   * response; `refusal`: only if the request is refused.
   */
  when: 'change' | 'answer' | 'refusal'
  /** Fields of the path, the query and the body that the entry has, where the request has them. */
  fields?: readonly string[]
  /** The field of the body with the text for Claude, which the entry has as a hash. */
  prompt?: string
}

export const listAuditQuery = z
  .strictObject({
    tenant: tenantParameter,
    from: timestampParameter('Entries at this time or later'),
    to: timestampParameter('Entries before this time'),
    action: z.enum(auditActions).optional().meta({ description: 'Entries with this action' }),
    outcome: z.enum(auditOutcomes).optional().meta({ description: 'Entries with this outcome' }),
    keyId: z.string().min(1).max(300).optional().meta({ description: 'Entries of this key' }),
    sessionId: idParameter.optional().meta({ description: 'Entries about this session', format: 'uuid' }),
    order: z
      .enum(['newest', 'oldest'])
      .default('newest')
      .meta({ description: 'Which entries come first; `oldest` with the last cursor follows the log' }),
    limit: integerParameter(1, 500)
      .default(100)
      .meta({ description: 'The maximum number of entries in a page' }),
    cursor: z
      .string()
      .max(1000)
      .optional()
      .meta({ description: '`nextCursor` of the previous page, with the same filters and order' }),
  })
  .superRefine(({ from, to }, context) => {
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)) {
      context.addIssue({ code: 'custom', path: ['to'], message: 'must be later than from' })
    }
  })

function timestampParameter(description: string) {
  return z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-03-01T00:00:00Z' })
    .optional()
    .meta({ description: `${description}: ISO 8601 with \`Z\` or an offset` })
}

export const auditEntry = z
  .strictObject({
    auditId: identifier.meta({ description: 'Id of the entry; ids grow with time' }),
    at: timestamp,
    tenant: tenantName.nullable().meta({
      description: 'The tenant that was acted in; null: none, as for wrong keys',
    }),
    keyId: z.string().nullable().meta({ description: 'Id of the key, or subject of the token; null: none' }),
    name: z.string().nullable().meta({ description: 'Name of the key or of the person; null: none' }),
    action: z.enum(auditActions).meta({
      description:
        'What was asked for. `authenticate`: a key that is not valid; `other`: refusals that are only counted, because there were too many different ones within a minute',
    }),
    outcome: z.enum(auditOutcomes).meta({
      description:
        '`done`: the server did it, or accepted it (a prompt becomes a turn, which can still fail); `refused`: an error with a status below 500; `failed`: a fault of the server',
    }),
    errorCode: z
      .enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]])
      .nullable()
      .meta({ description: 'The error that was answered; null: done' }),
    sessionId: sessionIdentifier.nullable().meta({ description: 'The session; null: none, or several' }),
    turnId: turnIdentifier.nullable().meta({ description: 'The turn; null: none, or several' }),
    address: z.string().nullable().meta({
      description: 'Address of the caller, behind trusted proxies; wrong keys over IPv6: the /64 network',
    }),
    requestId: z.string().nullable().meta({
      description: '`X-Request-ID` of the request; null: the entry counts several requests',
    }),
    count: z.int().min(1).meta({
      description:
        'How many requests the entry stands for. Refusals of the same kind within a minute after the first are counted in one entry',
    }),
    details: z.record(z.string(), z.unknown()).meta({
      description:
        'Fields of the request, such as `path` or `decision`. For prompts `promptSha256`: SHA-256 of the text, or of the JSON of its blocks; with the option `auditPrompts` also `prompt`',
    }),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof auditEntry>

export const listAuditResponse = z
  .strictObject({
    entries: z.array(auditEntry).meta({ description: 'One page; it can be empty although more follow' }),
    pagination: z
      .strictObject({
        limit: z.int().min(1).meta({ description: 'The maximum number of entries in the page' }),
        hasMore: z.boolean().meta({
          description:
            'Whether the rest of the log has not been searched yet: a page searches a limited part',
        }),
        nextCursor: z.string().nullable().meta({
          description:
            'Continues after this page. With `order=oldest` it is also there at the end, for entries to come; null: at the end',
        }),
      })
      .meta({ description: 'The place of the page in the log' }),
  })
  .meta({ id: 'ListAuditResponse' })

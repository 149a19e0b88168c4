import { type ExpressionBuilder, sql } from 'kysely'
import { type PayloadTemplate, placeholder } from './cut-message.ts'
import { type Body, run } from './database.ts'
import { prepared } from './query.ts'
import type { StoreSchema } from './schema.ts'

/** The payload of an event as it is read: with its template, where it has one. */
export const wholePayload = sql<string>`case when events.template is null then events.payload
  else replace(events.payload, ${placeholder}, (select payload_templates.text from payload_templates
    where payload_templates.session_id = events.session_id and payload_templates.hash = events.template)) end`

/** Stores templates that the session does not have yet; to be run within a transaction. */
export function* saveTemplates(owner: OfSession, templates: readonly PayloadTemplate[]): Body<void> {
  for (const { hash, text } of templates) {
    yield* run(insertTemplate({ tenantId: owner.tenantId, sessionId: owner.sessionId, hash, text }))
  }
}

interface OfSession {
  tenantId: string
  sessionId: string
}

const insertTemplate = prepared((db, template: OfSession & PayloadTemplate) =>
  db
    .insertInto('payload_templates')
    .values({
      session_id: template.sessionId,
      tenant_id: template.tenantId,
      hash: template.hash,
      text: template.text,
    })
    .onConflict(conflict => conflict.columns(['session_id', 'hash']).doNothing()),
)

/** Gives a session the templates of another one that its events refer to; to be run within a transaction. */
export const copyTemplates = prepared((db, to: OfSession & { fromSessionId: string }) =>
  db
    .insertInto('payload_templates')
    .columns(['session_id', 'hash', 'tenant_id', 'text'])
    .expression(
      db
        .selectFrom('payload_templates')
        .select(eb => [eb.val(to.sessionId).as('session_id'), 'hash', 'tenant_id', 'text'])
        .where('session_id', '=', to.fromSessionId)
        .where('tenant_id', '=', to.tenantId)
        .where(isUsedBy(to.sessionId)),
    ),
)

export const deleteUnusedTemplates = prepared((db, of: { sessionId: string }) =>
  db
    .deleteFrom('payload_templates')
    .where('session_id', '=', of.sessionId)
    .where(eb => eb.not(isUsedBy(of.sessionId)(eb))),
)

/** Whether an event of the session refers to a template. */
function isUsedBy(sessionId: string) {
  return (eb: ExpressionBuilder<StoreSchema, 'payload_templates'>) =>
    eb.exists(
      eb
        .selectFrom('events')
        .select('events.template')
        .where('events.session_id', '=', sessionId)
        .whereRef('events.template', '=', 'payload_templates.hash'),
    )
}

import { createHash } from 'node:crypto'
import { type ExpressionBuilder, sql } from 'kysely'
import { toJsonLine } from '../lib/json-line.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'

// Every turn begins with an `init` message: a few values of its own around lists of tools, commands, agents and
// skills that are the same each time. The lists are stored once for each session, as a template; an event keeps the
// text before and after them. The query that reads the event puts them together, as texts.

/** Stands for the template in an event's text; JSON on one line never has it. */
const placeholder = '\n'
/** Shorter texts are not worth a row of their own. */
const leastLength = 300
/** Values longer than this repeat from turn to turn. */
const longValue = 100
const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i

export interface PayloadTemplate {
  hash: string
  text: string
}

/** A text in two parts. */
export interface CutText {
  template: PayloadTemplate
  /** With the placeholder. */
  rest: string
}

/** Cuts the JSON of a message that repeats parts; undefined: they are too small to be stored apart. */
export function cutMessage(message: Record<string, unknown>): CutText | undefined {
  const members = Object.entries(message)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ text: `${toJsonLine(key)}:`, value: toJsonLine(value) }))
    .map(({ text, value }) => ({
      text: text + value,
      isLong: value.length > longValue,
      isOwn: uuid.test(value),
    }))
  const { from, to } = longestRun(members)
  const text = members
    .slice(from, to)
    .map(member => member.text)
    .join()
  if (text.length < leastLength) return undefined
  const before = members.slice(0, from).map(member => `${member.text},`)
  const after = members.slice(to).map(member => `,${member.text}`)
  const hash = createHash('sha256').update(text).digest('base64url')
  return { template: { hash, text }, rest: `{${before.join('')}${placeholder}${after.join('')}}` }
}

/** The members from one long value to another one, without an id between them, that are the most text. */
function longestRun(members: { text: string; isLong: boolean; isOwn: boolean }[]): {
  from: number
  to: number
} {
  let best = { from: 0, to: 0, length: 0 }
  let run: typeof best | undefined
  let length = 0
  for (const [index, { text, isLong, isOwn }] of members.entries()) {
    if (isOwn) run = undefined
    else if (isLong) {
      run ??= { from: index, to: index, length: -length }
      run.to = index + 1
      if (run.length + length + text.length > best.length) {
        best = { ...run, length: run.length + length + text.length }
      }
    }
    length += text.length
  }
  return best
}

/** The payload of an event as it is read: with its template, where it has one. */
export const wholePayload = sql<string>`case when events.template is null then events.payload
  else replace(events.payload, ${placeholder}, (select payload_templates.text from payload_templates
    where payload_templates.session_id = events.session_id and payload_templates.hash = events.template)) end`

/** Stores templates that the session does not have yet; to be called within a transaction. */
export function saveTemplates(
  connection: Connection,
  { tenantId, sessionId }: { tenantId: string; sessionId: string },
  templates: readonly PayloadTemplate[],
): void {
  for (const template of templates) {
    connection.run(
      connection.db
        .insertInto('payload_templates')
        .values({ ...template, session_id: sessionId, tenant_id: tenantId })
        .onConflict(conflict => conflict.columns(['session_id', 'hash']).doNothing()),
    )
  }
}

/** Gives a session the templates of another one that its events refer to; to be called within a transaction. */
export function copyTemplates(
  connection: Connection,
  { tenantId, sessionId }: { tenantId: string; sessionId: string },
  fromSessionId: string,
): void {
  const { db } = connection
  const wanted = db
    .selectFrom('payload_templates')
    .select(eb => [eb.val(sessionId).as('session_id'), 'hash', 'tenant_id', 'text'])
    .where('session_id', '=', fromSessionId)
    .where('tenant_id', '=', tenantId)
    .where(isUsedBy(sessionId))
  connection.run(
    db
      .insertInto('payload_templates')
      .columns(['session_id', 'hash', 'tenant_id', 'text'])
      .expression(wanted),
  )
}

export function deleteUnusedTemplates(db: QueryBuilder, sessionId: string) {
  return db
    .deleteFrom('payload_templates')
    .where('session_id', '=', sessionId)
    .where(eb => eb.not(isUsedBy(sessionId)(eb)))
}

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

import { createHash } from 'node:crypto'
import type { ExpressionBuilder } from 'kysely'
import { toJsonLine } from '../lib/json-line.ts'
import type { Connection } from './node-sqlite.ts'
import type { EventRow, QueryBuilder, StoreSchema } from './schema.ts'

// Every turn begins with an `init` message: a few values of its own among lists of tools, commands, agents and
// skills that are the same each time. The lists are stored once for each session, as a template with holes; an event
// keeps the values for the holes. Both are texts, and are put together as texts when the event is read.

/** A character that JSON on one line never has. */
const separator = '\n'
/** A value up to this length stays with its event: templates are then the same for each process of a session. */
const ownLength = 100
const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i

/** A payload in two parts. */
export interface CutPayload {
  template: { hash: string; pieces: string }
  values: string
}

/** Whether the payload is of a message that repeats what the session's messages of its kind had before. */
export function hasTemplate({ message }: Record<string, unknown>): boolean {
  const { type, subtype } = (message ?? {}) as Record<string, unknown>
  return type === 'system' && subtype === 'init'
}

/** Cuts the JSON of a payload into what may repeat and what is its own; `joinPayload` makes the same text of them. */
export function cutPayload(payload: Record<string, unknown>): CutPayload {
  const { message, ...envelope } = payload
  const cut = new Cut()
  cut.addMembers(envelope)
  cut.addText(Object.keys(envelope).length > 0 ? ',"message":' : '"message":')
  cut.addMembers(message as Record<string, unknown>)
  cut.addText('}}')
  return cut.finish()
}

class Cut {
  readonly #pieces = ['']
  readonly #values: string[] = []

  addText(text: string): void {
    this.#pieces.push(`${this.#pieces.pop()}${text}`)
  }

  /** The members of an object, without its closing brace. */
  addMembers(object: Record<string, unknown>): void {
    const members = Object.entries(object).filter(([, value]) => value !== undefined)
    this.addText('{')
    for (const [index, [key, value]] of members.entries()) {
      this.addText(`${index > 0 ? ',' : ''}${toJsonLine(key)}:`)
      this.#addValue(toJsonLine(value))
    }
  }

  finish(): CutPayload {
    const pieces = this.#pieces.join(separator)
    const hash = createHash('sha256').update(pieces).digest('base64url')
    return { template: { hash, pieces }, values: this.#values.join(separator) }
  }

  /** Ids are new in each message, however long a list of them is. */
  #addValue(json: string): void {
    const isOwn = json.length <= ownLength || uuid.test(json)
    if (isOwn) this.#values.push(json)
    if (isOwn) this.#pieces.push('')
    else this.addText(json)
  }
}

/** The templates of rows that were read, by hash, in pieces. */
export type Templates = ReadonlyMap<string, readonly string[]>

/** Reads the templates that rows of one session refer to; to be called in the read that found the rows. */
export function readTemplates(
  connection: Connection,
  owner: { tenantId: string; sessionId: string },
  rows: readonly Pick<EventRow, 'template'>[],
): Templates {
  const hashes = new Set<string>()
  for (const { template } of rows) if (template !== null) hashes.add(template)
  if (hashes.size === 0) return new Map()
  const found = connection.all(selectTemplates(connection.db, owner, [...hashes]))
  return new Map(found.map(({ hash, pieces }) => [hash, pieces.split(separator)]))
}

export function selectTemplates(
  db: QueryBuilder,
  { tenantId, sessionId }: { tenantId: string; sessionId: string },
  hashes: readonly string[],
) {
  return db
    .selectFrom('payload_templates')
    .select(['hash', 'pieces'])
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
    .where('hash', 'in', hashes)
}

/** The JSON of a row's payload. */
export function joinPayload(
  { payload, template }: Pick<EventRow, 'payload' | 'template'>,
  templates: Templates,
): string {
  if (template === null) return payload
  const pieces = templates.get(template)
  if (!pieces) throw new Error(`There is no payload template ${template}`)
  const values = payload.split(separator)
  let text = pieces[0] ?? ''
  for (let index = 1; index < pieces.length; index++) text += `${values[index - 1]}${pieces[index]}`
  return text
}

/** Stores templates that the session does not have yet; to be called within a transaction. */
export function saveTemplates(
  connection: Connection,
  { tenantId, sessionId }: { tenantId: string; sessionId: string },
  templates: readonly CutPayload['template'][],
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
    .select(eb => [eb.val(sessionId).as('session_id'), 'hash', 'tenant_id', 'pieces'])
    .where('session_id', '=', fromSessionId)
    .where('tenant_id', '=', tenantId)
    .where(isUsedBy(sessionId))
  connection.run(
    db
      .insertInto('payload_templates')
      .columns(['session_id', 'hash', 'tenant_id', 'pieces'])
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

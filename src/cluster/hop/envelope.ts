import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** The header that has the facts of a forwarded request, in JSON and base64url, a dot, and their signature. */
export const envelopeHeader = 'x-claude-code-api-hop'
/** How far the clocks of two nodes may be apart, and how old a request may be. */
export const windowMs = 30_000

const callerFacts = z.strictObject({
  tenantId: z.string(),
  keyId: z.string(),
  keyVersion: z.string().optional(),
  name: z.string().nullable(),
  scopes: z.array(z.string()),
  sessionId: z.string().nullable(),
  isOperator: z.boolean(),
  expiresAt: z.number().nullable(),
})

const envelopeFacts = z.strictObject({
  /** Lives of nodes. */
  from: z.string(),
  to: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  nonce: z.string().min(16),
  method: z.string(),
  /** As it is sent, with the query. */
  path: z.string(),
  /** SHA-256 of the body, in hexadecimal. */
  digest: z.string(),
  /** null: the operation is open to all. */
  caller: callerFacts.nullable(),
  /** The session that the request is about; null: it is about to be made. */
  session: z
    .strictObject({ tenantId: z.string(), id: z.string(), need: z.enum(['owner', 'view', 'end']) })
    .nullable(),
  /** Of the client. */
  address: z.string(),
  /** The prefix of links in the response. */
  base: z.string(),
  /** The id that a turn is given which the request submits. */
  turnId: z.string().optional(),
  /** Whether the turn may have been submitted before. */
  isRepeated: z.boolean(),
  /** The sequence of the last event that the client has; set where a stream is resumed again. */
  after: z.number().optional(),
})

/** The signed facts of a request that one node forwards to another. */
export type Envelope = z.infer<typeof envelopeFacts>
export type CallerFacts = z.infer<typeof callerFacts>

export function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

export function sealEnvelope(envelope: Envelope, secret: string): string {
  const facts = Buffer.from(JSON.stringify(envelope)).toString('base64url')
  return `${facts}.${sign(facts, secret)}`
}

/** Returns undefined if the signature or the form is wrong. */
export function openEnvelope(text: string, secret: string): Envelope | undefined {
  const [facts = '', signature = '', ...more] = text.split('.')
  if (more.length > 0 || !isSame(signature, sign(facts, secret))) return undefined
  try {
    return envelopeFacts.safeParse(JSON.parse(Buffer.from(facts, 'base64url').toString())).data
  } catch {
    return undefined
  }
}

function sign(facts: string, secret: string): string {
  return createHmac('sha256', secret).update(`claude-code-api hop 1 ${facts}`).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

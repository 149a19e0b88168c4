import { z } from 'zod'
import { isVisible } from '../lib/visible-text.ts'

/** A time on the wire: ISO 8601, UTC, milliseconds. */
export const timestamp = z.iso.datetime({ precision: 3 }).meta({ description: 'ISO 8601, UTC, milliseconds' })

/** Formats milliseconds since 1970 as a time on the wire. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** Refuses a text for people that has only characters which show nothing; whether it may be empty is another rule. */
export const toBeSeen: [check: (text: string) => boolean, error: { message: string }] = [
  text => text === '' || isVisible(text),
  { message: 'must have a character that can be seen' },
]

export const identifier = z.uuid()
export const sessionIdentifier = identifier.meta({ description: 'Id of the session' })
export const turnIdentifier = identifier.meta({ description: 'Id of the turn' })

/** A number of tokens. */
export const tokenCount = z.int().min(0).meta({ description: 'Tokens' })

/**
 * The id of an object of this API, in a path, query or body. UUIDs are accepted in either case (RFC 9562).
 * The format is not checked: a malformed id is an unknown one.
 */
export const idParameter = z.string().min(1).max(200).toLowerCase()
/** An id in a path: any text is accepted, and is an unknown id at worst. */
export const pathId = z.string().toLowerCase().meta({ format: 'uuid' })

/** The name of a tenant. */
export const tenantName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    'must be 1 to 63 of a-z, 0-9, _ and -, and begin with a letter or digit',
  )

/** The id of the key that made something. */
export const createdBy = z.string().meta({ description: 'The id of the API key that created it' })

/** The tenant of a list or of a new object, in a query string. */
export const tenantParameter = tenantName.optional().meta({
  description:
    'Keys of the configuration may name any tenant: without it, lists show all tenants, and new objects belong to `default`. Other keys can name their own',
})

/** A whole number in a query string: plain digits only. */
export function integerParameter(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
}

/** `true` or `false` in a query string. */
export const booleanParameter = z
  .enum(['true', 'false'])
  .transform(text => text === 'true')
  .pipe(z.boolean())

/** A parameter that may be given several times in a query string, each time with one value. */
export function repeatableParameter<T extends z.ZodType>(value: T, maximum: number) {
  return z.array(value).max(maximum).optional()
}

/** A free-form JSON object of the caller; `maxBytes` limits its JSON text in UTF-8. */
export function jsonObject(maxBytes: number) {
  return z
    .record(z.string(), z.unknown())
    .refine(value => Buffer.byteLength(JSON.stringify(value)) <= maxBytes, {
      message: `must be at most ${maxBytes} bytes as JSON`,
    })
}

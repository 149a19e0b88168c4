import { z } from 'zod'

/** Times on the wire: ISO 8601, UTC, milliseconds. */
export const timestamp = z.iso.datetime({ precision: 3 }).meta({ description: 'ISO 8601, UTC, milliseconds' })

/** Writes a time kept as milliseconds since 1970 the way the wire has it. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

export const identifier = z.uuid()

/**
 * The id of something that this API made, in a path, a query or a body. UUIDs are read in either case (RFC 9562).
 * The format is not checked: a malformed id is an unknown one.
 */
export const idParameter = z.string().min(1).max(200).toLowerCase()
/** The same in a path, where every text is an unknown id at worst. */
export const pathId = z.string().toLowerCase().meta({ format: 'uuid' })

/** A whole number that arrives as text in a query string; anything but plain digits is refused. */
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

/** Free-form JSON object of the caller's own; `maxBytes` counts its UTF-8 JSON text. */
export function jsonObject(maxBytes: number) {
  return z
    .record(z.string(), z.unknown())
    .refine(value => Buffer.byteLength(JSON.stringify(value)) <= maxBytes, {
      message: `must be at most ${maxBytes} bytes as JSON`,
    })
}

import { z } from 'zod'

export interface DatabaseConfig {
  /** `postgres://user:password@host:5432/name`, with the parameters that the package `pg` knows. */
  url: string
  /** The schema in which all tables are; it is made where it is missing. Default: `claude_code_api`. */
  schema?: string
  /** Bounds the connections for everything but appending, which has one of its own. Default: 10. */
  maxConnections?: number
}

const isDatabaseUrl = (text: string) => {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)
}

export const databaseUrl = z
  .string()
  .refine(isDatabaseUrl, 'must be the URL of a PostgreSQL database, such as postgres://user@host/name')

/** Names that need no quotes, so that they can be typed in any client. */
export const databaseSchemaName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a name of lower-case letters, digits and _')
  .refine(name => !name.startsWith('pg_'), 'must not begin with pg_, which PostgreSQL keeps to itself')

export const databaseSchema = z.strictObject({
  url: databaseUrl,
  schema: databaseSchemaName.default('claude_code_api'),
  maxConnections: z.int().min(2).default(10),
})

export type ResolvedDatabase = z.infer<typeof databaseSchema>

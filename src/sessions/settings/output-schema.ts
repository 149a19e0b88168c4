import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { OutputFormat } from '../../contract/output-format.ts'
import { toPath } from '../../lib/json-flaws.ts'
import { type SchemaVerdict, schemaChecks, TooManySchemaChecks } from '../../lib/schema-checks.ts'

/**
 * Compiles the schema in the worker thread: what Claude Code or the model's API would refuse is found here, and what
 * would keep them busy for ever as well.
 *
 * @throws ServiceError INVALID_REQUEST that names the place in the schema, SERVER_LIMIT_REACHED
 */
export async function checkOutputSchema(format: OutputFormat | undefined): Promise<void> {
  if (!format) return
  const verdict = await check(format.schema)
  if (verdict.kind === 'fits') return
  const path = verdict.kind === 'flaw' ? verdict.path : []
  throw invalidField(toPath(['outputFormat', 'schema', ...path]), verdict.message)
}

async function check(schema: Record<string, unknown>): Promise<SchemaVerdict> {
  try {
    return await schemaChecks.checkSchema(schema)
  } catch (error) {
    if (!(error instanceof TooManySchemaChecks)) throw error
    const { limit } = error
    const message = `${limit} schemas of outputFormat are already waiting to be checked; try again`
    throw new ServiceError('SERVER_LIMIT_REACHED', message, { limitName: 'schemaChecks', limit })
  }
}

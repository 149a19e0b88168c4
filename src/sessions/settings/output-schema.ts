import type { ClientTool } from '../../contract/client-requests.ts'
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
  const verdict = await guarded(() => schemaChecks.checkSchema(format.schema))
  if (verdict.kind === 'fits') return
  const path = verdict.kind === 'flaw' ? verdict.path : []
  throw invalidField(toPath(['outputFormat', 'schema', ...path]), verdict.message)
}

async function guarded(check: () => Promise<SchemaVerdict>): Promise<SchemaVerdict> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof TooManySchemaChecks)) throw error
    const { limit } = error
    const message = `${limit} schemas are already waiting to be checked; try again`
    throw new ServiceError('SERVER_LIMIT_REACHED', message, { limitName: 'schemaChecks', limit })
  }
}

/**
 * Compiles the schemas of the caller's tools in the worker thread: Claude Code leaves out a tool whose schema is not
 * valid, and says nothing. The first schema that takes too long ends the check.
 *
 * @throws ServiceError INVALID_REQUEST that names the schema, SERVER_LIMIT_REACHED
 */
export async function checkToolSchemas(tools: readonly ClientTool[] = []): Promise<void> {
  for (const [index, { inputSchema }] of tools.entries()) {
    const verdict = inputSchema && (await guarded(() => schemaChecks.checkForm(inputSchema, {})))
    if (verdict?.kind === 'unusable' || verdict?.kind === 'too_expensive') {
      throw invalidField(`clientTools[${index}].inputSchema`, verdict.message)
    }
  }
}

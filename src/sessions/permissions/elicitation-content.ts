import { invalidField } from '../../contract/errors.ts'
import type { PermissionElicitation } from '../../contract/permissions.ts'
import { toPath } from '../../lib/json-flaws.ts'
import { findFlawByForeignSchema, type SchemaFlaw } from '../../lib/json-schema.ts'

/**
 * What the MCP server is handed of what a person has filled in.
 *
 * @throws ServiceError INVALID_REQUEST that names the field which is not as the server asks for it
 */
export function toContent(
  elicitation: PermissionElicitation | null,
  content: Record<string, unknown> | undefined,
): Record<string, unknown> | null {
  if (elicitation?.mode === 'url') {
    if (content !== undefined) throw invalidField('content', 'means nothing for an elicitation of mode url')
    return null
  }
  const flaw = findFlaw(elicitation?.requestedSchema, content ?? {})
  if (flaw) throw invalidField(toPath(['content', ...flaw.path]), flaw.message)
  return content ?? null
}

function findFlaw(
  schema: Record<string, unknown> | undefined,
  content: Record<string, unknown>,
): SchemaFlaw | undefined {
  if (schema === undefined) return undefined
  try {
    return findFlawByForeignSchema(schema, content)
  } catch {
    // The schema is none, and that is not for the person to mend: the server sees for itself what it gets.
    return undefined
  }
}

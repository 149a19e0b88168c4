import { invalidField } from '../../contract/errors.ts'
import type { PermissionElicitation } from '../../contract/permissions.ts'
import { toPath } from '../../lib/json-flaws.ts'
import { findJsonExcess } from '../../lib/json-scan.ts'
import type { SchemaFlaw } from '../../lib/json-schema.ts'
import { schemaChecks } from '../../lib/schema-checks.ts'

/** Forms are flat, by MCP's specification; more than this is not meant for a person. */
const longestFormBytes = 64 * 1024
const bounds = { depth: 16, values: 5_000, numberLength: 1_000 }

/**
 * Returns the person's input in the form that the MCP server gets.
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
  return content ?? null
}

/**
 * Checks what a person has filled in against the form, in the worker thread. A form that cannot be checked within its
 * bounds is left to the MCP server, which sees for itself what it gets.
 *
 * @throws ServiceError INVALID_REQUEST that names the field which is not as the server asks for it
 */
export async function checkContent(
  elicitation: PermissionElicitation | null,
  content: Record<string, unknown> | null,
): Promise<void> {
  const form = elicitation?.requestedSchema
  if (elicitation?.mode === 'url' || form === undefined) return
  const flaw = await findFlaw(form, content ?? {})
  if (flaw) throw invalidField(toPath(['content', ...flaw.path]), flaw.message)
}

async function findFlaw(
  form: Record<string, unknown>,
  content: Record<string, unknown>,
): Promise<SchemaFlaw | undefined> {
  const text = Buffer.from(JSON.stringify(form))
  if (text.byteLength > longestFormBytes || findJsonExcess(text, bounds)) return undefined
  const verdict = await schemaChecks.checkForm(form, content)
  return verdict.kind === 'flaw' ? verdict : undefined
}

import { z } from 'zod'
import { findJsonExcess } from '../lib/json-scan.ts'

/** The schema is passed on Claude Code's command line, where one argument must be shorter than 128 KiB. */
const longestSchemaBytes = 64 * 1024
const bounds = { depth: 32, values: 10_000, numberLength: 1_000 }
/** Keywords that the model's API refuses at the top level of a tool's input schema, which this schema becomes. */
const refusedAtRoot = ['oneOf', 'anyOf', 'allOf', '$ref']
const propertyName = /^[a-zA-Z0-9_.-]{1,64}$/

const jsonSchema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  const flaw = findFlaw(schema)
  if (flaw) context.addIssue({ code: 'custom', ...flaw })
})

/** The format of a structured answer. */
export const outputFormat = z
  .strictObject({
    type: z.literal('json_schema'),
    schema: jsonSchema.meta({
      description:
        'A JSON Schema (draft 7) with `type: "object"`, of at most 64 KiB, 32 levels and 10,000 values. At the top level, `oneOf`, `anyOf`, `allOf` and `$ref` are not allowed, and property names must be 1 to 64 letters, digits, `_`, `.` or `-`: the model\'s API refuses anything else. References must stay inside the schema. `format` is shown to the model but not validated',
    }),
  })
  .meta({ id: 'OutputFormat', description: 'Structured output (SDK option `outputFormat`)' })

/** Finds flaws without compiling the schema; `sessions/settings/output-schema.ts` finds the others. */
function findFlaw(schema: Record<string, unknown>): { path?: string[]; message: string } | undefined {
  const text = Buffer.from(JSON.stringify(schema))
  if (text.byteLength > longestSchemaBytes) {
    return { message: `must be at most ${longestSchemaBytes} bytes as JSON` }
  }
  const excess = findJsonExcess(text, bounds)
  if (excess === 'depth') return { message: `must not be nested deeper than ${bounds.depth} levels` }
  if (excess) return { message: `must have at most ${bounds.values} values and keys` }
  // The model passes the answer as the input of a tool, which is an object.
  if (schema.type !== 'object') return { message: 'must have the type "object"' }
  const refused = refusedAtRoot.find(keyword => Object.hasOwn(schema, keyword))
  if (refused !== undefined) {
    const message = "must not be used at the top level: the model's API refuses it; move it into a property"
    return { path: [refused], message }
  }
  const { properties } = schema
  if (typeof properties !== 'object' || properties === null) return undefined
  const name = Object.keys(properties).find(key => !propertyName.test(key))
  if (name === undefined) return undefined
  const message = `must have 1 to 64 letters, digits, "_", "." or "-": the model's API refuses other names`
  return { path: ['properties', name], message }
}

export type OutputFormat = z.infer<typeof outputFormat>

import { z } from 'zod'
import { findJsonExcess } from '../lib/json-scan.ts'

/** It reaches Claude Code on its command line, where one argument must stay below 128 KiB. */
const longestSchemaBytes = 64 * 1024
const bounds = { depth: 32, values: 10_000, numberLength: 1_000 }
/** The model's API takes the schema as that of a tool's input, and refuses these in its outermost object. */
const refusedAtRoot = ['oneOf', 'anyOf', 'allOf', '$ref']
const propertyName = /^[a-zA-Z0-9_.-]{1,64}$/

const jsonSchema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  const flaw = findFlaw(schema)
  if (flaw) context.addIssue({ code: 'custom', ...flaw })
})

/** What the answer has to be, as data. */
export const outputFormat = z
  .strictObject({
    type: z.literal('json_schema'),
    schema: jsonSchema.meta({
      description:
        'A JSON Schema of draft 7 whose `type` is `object`, of at most 64 KiB, 32 levels and 10,000 values. The outermost object has no `oneOf`, `anyOf`, `allOf` or `$ref`, and the names of its properties are 1 to 64 letters, digits, `_`, `.` or `-`: the API of the model refuses others. References lead nowhere but into itself; `format` is told to the model but not checked',
    }),
  })
  .meta({ id: 'OutputFormat', description: 'The answer as data (SDK option `outputFormat`)' })

/** What can be seen without compiling; the rest is found by `sessions/settings/output-schema.ts`. */
function findFlaw(schema: Record<string, unknown>): { path?: string[]; message: string } | undefined {
  const text = Buffer.from(JSON.stringify(schema))
  if (text.byteLength > longestSchemaBytes) {
    return { message: `must be at most ${longestSchemaBytes} bytes as JSON` }
  }
  const excess = findJsonExcess(text, bounds)
  if (excess === 'depth') return { message: `must not be nested deeper than ${bounds.depth} levels` }
  if (excess) return { message: `must have at most ${bounds.values} values and keys` }
  // The model hands the answer over as the input of a tool, and that is an object.
  if (schema.type !== 'object') return { message: 'must have the type "object"' }
  const refused = refusedAtRoot.find(keyword => Object.hasOwn(schema, keyword))
  if (refused !== undefined) {
    const message = "is refused by the model's API in the outermost object; put what it says into a property"
    return { path: [refused], message }
  }
  const { properties } = schema
  if (typeof properties !== 'object' || properties === null) return undefined
  const name = Object.keys(properties).find(key => !propertyName.test(key))
  if (name === undefined) return undefined
  const message = `the model's API takes names of 1 to 64 letters, digits, "_", "." or "-" here`
  return { path: ['properties', name], message }
}

export type OutputFormat = z.infer<typeof outputFormat>

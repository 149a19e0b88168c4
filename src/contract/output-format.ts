import { z } from 'zod'
import { compileJsonSchema } from '../lib/json-schema.ts'

/** It reaches Claude Code on its command line, where one argument must stay below 128 KiB. */
const longestSchemaBytes = 64 * 1024

const jsonSchema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  const message = findFlaw(schema)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

/** What the answer has to be, as data. */
export const outputFormat = z
  .strictObject({
    type: z.literal('json_schema'),
    schema: jsonSchema.meta({
      description:
        'A JSON Schema of draft 7 whose `type` is `object`, of at most 64 KiB. References lead nowhere but into itself; `format` is told to the model but not checked',
    }),
  })
  .meta({ id: 'OutputFormat', description: 'The answer as data (SDK option `outputFormat`)' })

/** What the installed Claude Code would not take, found without starting it. */
function findFlaw(schema: Record<string, unknown>): string | undefined {
  if (Buffer.byteLength(JSON.stringify(schema)) > longestSchemaBytes) {
    return `must be at most ${longestSchemaBytes} bytes as JSON`
  }
  // The model hands the answer over as the input of a tool, and that is an object.
  if (schema.type !== 'object') return 'must have the type "object"'
  try {
    compileJsonSchema(schema)
    return undefined
  } catch (error) {
    return `is no JSON Schema of draft 7: ${(error as Error).message}`
  }
}

export type OutputFormat = z.infer<typeof outputFormat>

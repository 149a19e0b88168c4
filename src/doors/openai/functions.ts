import { z } from 'zod'
import type { ClientFunction } from './common-request.ts'
import { badField } from './problem.ts'
import { read } from './reading.ts'

const fields = {
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -'),
  description: z.string().max(10_000).nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  // Claude gets the schema either way; arguments that do not fit it never reach the client.
  strict: z.boolean().nullish(),
}
const functionFields = z.strictObject(fields)
const ofChat = z.strictObject({ type: z.literal('function'), function: functionFields })
const ofResponses = z.strictObject({ type: z.literal('function'), ...fields })

/** The functions of a request. @param isNested `{ function: { name } }`, as in chat completions */
export function readFunctions(
  { tools, tool_choice: choice, parallel_tool_calls: parallel }: Record<string, unknown>,
  isNested: boolean,
): ClientFunction[] | undefined {
  if (choice !== undefined && choice !== null && choice !== 'auto' && choice !== 'none') {
    throw badField('tool_choice', 'must be auto or none: Claude decides which tools it calls')
  }
  if (tools === undefined || tools === null) return undefined
  if (choice === 'none') return []
  const functions = (tools as unknown[]).map((tool, index) => {
    const path = `tools[${index}]`
    const type = read(z.looseObject({ type: z.string() }), tool, path).type
    if (type !== 'function') {
      throw badField(`${path}.type`, 'must be function: Claude has tools of its own for the rest')
    }
    return toFunction(isNested ? read(ofChat, tool, path).function : read(ofResponses, tool, path), parallel)
  })
  return functions
}

function toFunction(
  { name, description, parameters }: z.output<typeof functionFields>,
  parallel: unknown,
): ClientFunction {
  return {
    name,
    ...(description && { description }),
    inputSchema: { type: 'object', ...parameters },
    // Claude Code runs calls one after the other unless their tools change nothing.
    readOnly: parallel !== false,
  }
}

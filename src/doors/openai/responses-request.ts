import { z } from 'zod'
import { anyObject, toFormat } from './chat-request.ts'
import type { Entry, GivenRequest, OutputFormat } from './common-request.ts'
import { readBlocks, readResult, readText } from './content.ts'
import { splitConversation } from './conversation.ts'
import { readFunctions } from './functions.ts'
import { badField } from './problem.ts'
import { commonFields, ignored, noLimit, read, readEffort, readHeaders, refused } from './reading.ts'

const harmlessIncludes = new Set(['reasoning.encrypted_content'])

const schema = z.strictObject({
  ...commonFields,
  input: z.unknown(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  background: z.boolean().nullish(),
  text: z
    .strictObject({ format: z.looseObject({ type: z.string() }).nullish(), verbosity: ignored })
    .nullish(),
  include: z
    .array(z.string().refine(name => harmlessIncludes.has(name), 'must be reasoning.encrypted_content'))
    .nullish(),
  stream_options: z.strictObject({ include_obfuscation: ignored }).nullish(),
  max_output_tokens: refused(noLimit),
  max_tool_calls: refused('must be absent: maxTurns of a preset bounds the work of a turn'),
  conversation: refused('must be absent: use previous_response_id, or the header x-session-id'),
  prompt: refused('must be absent: there are no stored prompts; use a preset as the model'),
  context_management: refused('must be absent: Claude Code compacts conversations by itself', [[]]),
  truncation: ignored,
})

export interface ResponsesRequest extends GivenRequest {
  isStream: boolean
  isBackground: boolean
  previousResponseId: string | undefined
}

export function readResponsesRequest(body: unknown, headers: Headers): ResponsesRequest {
  const given = read(schema, body)
  const user = given.user ?? undefined
  const named = readHeaders(headers, user)
  const conversation = splitConversation(toEntries(given.input), 'input')
  const instructions = [given.instructions ?? undefined, conversation.instructions]
  const { reasoning } = given
  return {
    ...named,
    ...conversation,
    instructions: instructions.filter(Boolean).join('\n\n') || undefined,
    instructionsField: given.instructions ? 'instructions' : 'input',
    showsReasoning: named.showsReasoning || Boolean(reasoning?.summary ?? reasoning?.generate_summary),
    model: given.model,
    functions: readFunctions(given, false),
    format: readFormat(given.text?.format ?? undefined),
    formatField: 'text.format',
    effort: readEffort(reasoning?.effort, 'reasoning.effort'),
    user,
    metadata: given.metadata ?? undefined,
    isStream: given.stream ?? false,
    isBackground: given.background ?? false,
    previousResponseId: given.previous_response_id ?? undefined,
  }
}

const items = z.array(z.looseObject({}), 'must be a text or a list of items')

function toEntries(input: unknown): Entry[] {
  if (typeof input === 'string') {
    return [{ role: 'user', blocks: readBlocks(input, 'input'), path: 'input' }]
  }
  return read(items, input, 'input').flatMap((item, index) => {
    const path = `input[${index}]`
    const type = item.type ?? (item.role === undefined ? undefined : 'message')
    return toEntry(type, item, path) ?? []
  })
}

const call = z.looseObject({ call_id: z.string(), name: z.string(), arguments: z.string() })

/** Undefined: an item that says nothing to Claude. */
function toEntry(type: unknown, item: Record<string, unknown>, path: string): Entry | undefined {
  switch (type) {
    case 'message':
      return toMessage(item, path)
    case 'function_call': {
      const { call_id: id, name, arguments: input } = read(call, item, path)
      return { role: 'assistant', text: '', calls: [{ id, name, arguments: input }], path }
    }
    case 'function_call_output':
      return {
        role: 'tool',
        callId: read(z.string(), item.call_id, `${path}.call_id`),
        result: readResult(item.output, `${path}.output`),
        path,
      }
    // Claude Code keeps its own.
    case 'reasoning':
      return undefined
    case 'item_reference':
      throw badField(
        `${path}.type`,
        'must not be item_reference, which is not kept here: send the items themselves (AI SDK: providerOptions.openai.store false)',
      )
    default:
      throw badField(`${path}.type`, 'must be message, function_call, function_call_output or reasoning')
  }
}

function toMessage({ role, content }: Record<string, unknown>, path: string): Entry {
  const at = `${path}.content`
  if (role === 'system' || role === 'developer') return { role: 'system', text: readText(content, at), path }
  if (role === 'user') return { role, blocks: readBlocks(content, at), path }
  if (role === 'assistant') return { role, text: readText(content, at), calls: [], path }
  throw badField(`${path}.role`, 'must be system, developer, user or assistant')
}

function readFormat(given: { type: string } | undefined): OutputFormat | undefined {
  if (!given || given.type === 'text') return undefined
  if (given.type === 'json_object') return anyObject
  if (given.type !== 'json_schema') {
    throw badField('text.format.type', 'must be text, json_object or json_schema')
  }
  const fields = z.object({ schema: z.record(z.string(), z.unknown()) })
  return toFormat(read(fields, given, 'text.format').schema)
}

/** The fields of the API by their names in this endpoint. */
export const responsesFields: [RegExp, string][] = [
  [/^outputFormat\.schema/, 'text.format.schema'],
  [/^clientTools\[(\d+)\]\.inputSchema/, 'tools[$1].parameters'],
  [/^clientTools\[(\d+)\]/, 'tools[$1]'],
  [/^clientTools/, 'tools'],
  [/^prompt\b.*/, 'input'],
  [/^appendSystemPrompt\b.*/, 'instructions'],
]

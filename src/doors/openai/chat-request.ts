import { z } from 'zod'
import type { Entry, GivenRequest, OutputFormat } from './common-request.ts'
import { readBlocks, readResult, readText } from './content.ts'
import { splitConversation } from './conversation.ts'
import { readFunctions } from './functions.ts'
import { badField } from './problem.ts'
import { commonFields, ignored, noLimit, read, readEffort, readHeaders, refused } from './reading.ts'

const schema = z.strictObject({
  ...commonFields,
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: ignored })
    .nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  reasoning_effort: z.unknown().optional(),
  n: z.literal(1, 'must be 1: there is one answer').nullish(),
  modalities: z.tuple([z.literal('text')], 'must be ["text"]').nullish(),
  max_tokens: refused(noLimit),
  max_completion_tokens: refused(noLimit),
  stop: refused('must be absent: Claude Code takes no stop sequences', [[]]),
  logprobs: refused('must be false: there are no log probabilities', [false]),
  logit_bias: refused('must be empty: Claude Code takes no biases', [{}]),
  functions: refused('must be absent: use tools', [[]]),
  function_call: refused('must be absent: use tool_choice'),
  audio: refused('must be absent: Claude Code does not speak'),
  web_search_options: refused('must be absent: Claude Code has a tool of its own for it'),
  seed: ignored,
  presence_penalty: ignored,
  frequency_penalty: ignored,
  prediction: ignored,
  verbosity: ignored,
})

export interface ChatRequest extends GivenRequest {
  isStream: boolean
  includesUsage: boolean
}

export function readChatRequest(body: unknown, headers: Headers): ChatRequest {
  const given = read(schema, body)
  const user = given.user ?? undefined
  const named = readHeaders(headers, user)
  const effortField = given.reasoning?.effort === undefined ? 'reasoning_effort' : 'reasoning.effort'
  return {
    ...named,
    ...splitConversation(given.messages.map(toEntry), 'messages'),
    showsReasoning: named.showsReasoning || Boolean(given.reasoning?.summary),
    model: given.model,
    instructionsField: 'messages[0].content',
    functions: readFunctions(given, true),
    format: readFormat(given.response_format ?? undefined),
    formatField: 'response_format',
    effort: readEffort(given.reasoning?.effort ?? given.reasoning_effort, effortField),
    user,
    metadata: given.metadata ?? undefined,
    isStream: given.stream ?? false,
    includesUsage: given.stream_options?.include_usage ?? false,
  }
}

const legacyCall = refused('must be absent: use tool_calls')
const call = z.object({
  id: z.string(),
  type: z.literal('function', 'must be function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
})

function toEntry(message: Record<string, unknown>, index: number): Entry {
  const path = `messages[${index}]`
  const content = `${path}.content`
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', text: readText(message.content, content), path }
    case 'user':
      return { role: 'user', blocks: withName(message, readBlocks(message.content, content)), path }
    case 'assistant': {
      read(legacyCall, message.function_call, `${path}.function_call`)
      const calls = read(z.array(call).nullish(), message.tool_calls, `${path}.tool_calls`) ?? []
      return {
        role: 'assistant',
        text: readText(message.content, content),
        calls: calls.map(one => ({ id: one.id, ...one.function })),
        path,
      }
    }
    case 'tool':
      return {
        role: 'tool',
        callId: read(z.string(), message.tool_call_id, `${path}.tool_call_id`),
        result: readResult(message.content, content),
        path,
      }
    default:
      throw badField(`${path}.role`, 'must be system, developer, user, assistant or tool')
  }
}

/** Claude sees who speaks, where there are several. */
function withName({ name }: Record<string, unknown>, blocks: ReturnType<typeof readBlocks>) {
  const [first, ...rest] = blocks
  if (typeof name !== 'string' || name === '' || first?.type !== 'text') return blocks
  return [{ ...first, text: `${name}: ${first.text}` }, ...rest]
}

const jsonSchema = z.strictObject({
  type: z.literal('json_schema'),
  json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
})

function readFormat(given: { type: string } | undefined): OutputFormat | undefined {
  if (!given || given.type === 'text') return undefined
  if (given.type === 'json_object') return anyObject
  if (given.type !== 'json_schema') {
    throw badField('response_format.type', 'must be text, json_object or json_schema')
  }
  const { schema: wanted } = read(jsonSchema, given, 'response_format').json_schema
  return toFormat(wanted)
}

const newestDialect = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/

/** Libraries of clients name the newest dialect; their schemas are checked as draft 7 all the same. */
export function toFormat(wanted: Record<string, unknown>): OutputFormat {
  const { $schema, ...schema } = wanted
  return { type: 'json_schema', schema: newestDialect.test(String($schema)) ? schema : wanted }
}

/** Every JSON object fits. */
export const anyObject: OutputFormat = { type: 'json_schema', schema: { type: 'object' } }

/** The fields of the API by their names in this endpoint. */
export const chatFields: [RegExp, string][] = [
  [/^outputFormat\.schema/, 'response_format.json_schema.schema'],
  [/^clientTools\[(\d+)\]\.inputSchema/, 'tools[$1].function.parameters'],
  [/^clientTools\[(\d+)\]/, 'tools[$1].function'],
  [/^clientTools/, 'tools'],
  [/^(prompt|appendSystemPrompt)\b.*/, 'messages'],
]

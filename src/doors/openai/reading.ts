import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { effort } from '../../contract/agent-definitions.ts'
import { findJsonFlaw } from '../../lib/json-flaws.ts'
import { toRequirement } from '../../lib/zod-requirement.ts'
import { badField, Problem, toShown } from './problem.ts'

/** The deepest body that the API takes. */
const deepest = 64

/** The value as the schema has it. @throws Problem that names the field */
export function read<S extends z.ZodType>(schema: S, value: unknown, path = ''): z.output<S> {
  const result = schema.safeParse(value, { error: toRequirement })
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const param = join(path, [...issue.path, toShown(issue.keys[0] ?? '')])
    // In the words of OpenAI's API.
    const message = `Unrecognized request argument supplied: ${param}`
    throw new Problem(400, { message, param, code: 'unknown_parameter' })
  }
  const param = join(path, issue?.path ?? [])
  throw badField(param, issue?.message ?? 'must be valid')
}

function join(path: string, parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, path)
}

/** The JSON object of a request. */
export async function readBody(request: Request): Promise<object> {
  const text = await request.text()
  const body = parse(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw noObject()
  const flaw = findJsonFlaw(body, deepest)
  if (flaw) throw badField(toShown(flaw.path), flaw.message)
  return body
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw noObject()
  }
}

function noObject(): Problem {
  return new Problem(400, { message: 'The body must be a JSON object' })
}

/** A field whose value has no effect here. */
export const ignored = z.unknown().optional()

/** A field that is refused, unless it asks for nothing. @param empty other values that ask for nothing */
export function refused(message: string, empty: readonly unknown[] = []) {
  const isEmpty = (value: unknown) => value == null || empty.some(one => isDeepStrictEqual(one, value))
  return z.unknown().refine(isEmpty, message).optional()
}

/** Fields of both endpoints. */
export const commonFields = {
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z
    .strictObject({
      effort: z.unknown().optional(),
      summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
      generate_summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
      context: ignored,
      mode: ignored,
    })
    .nullish(),
  user: z.string().max(1_000).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  top_logprobs: z.literal(0, 'must be 0: there are no log probabilities').nullish(),
  temperature: ignored,
  top_p: ignored,
  store: ignored,
  service_tier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
  prompt_cache_options: ignored,
  safety_identifier: ignored,
  moderation: refused('must be absent: there is no moderation'),
}

export const noLimit =
  'must be absent: the length of an answer cannot be limited; maxTurns and maxBudgetUsd of a preset bound its work'

const givenEffort = z
  .enum(['minimal', ...effort.options])
  .nullish()
  .transform(value => (value === 'minimal' ? 'low' : (value ?? undefined)))

export function readEffort(value: unknown, path: string): z.infer<typeof effort> | undefined {
  return read(givenEffort, value, path)
}

/** Headers that say the same on both endpoints. */
export function readHeaders(headers: Headers, user: string | undefined) {
  const header = headers.get('x-session-id') ?? undefined
  const named = header ?? /^session:(.*)$/s.exec(user ?? '')?.[1]
  const nameField = header === undefined ? 'user' : 'x-session-id'
  const nameMessage =
    header === undefined ? 'must have a name after session:' : 'must be 1 to 1,000 characters'
  const sessionName = read(
    z.string().min(1, nameMessage).max(1_000, nameMessage).optional(),
    named,
    nameField,
  )
  const permissionPrompts = read(
    z.enum(['ask', 'deny']).optional(),
    headers.get('x-permission-prompts') ?? undefined,
    'x-permission-prompts',
  )
  const wanted = read(
    z.enum(['true', 'false']).optional(),
    headers.get('x-show-reasoning') ?? undefined,
    'x-show-reasoning',
  )
  const idempotencyKey = read(
    z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without spaces')
      .optional(),
    headers.get('idempotency-key') ?? undefined,
    'Idempotency-Key',
  )
  return { sessionName, permissionPrompts, showsReasoning: wanted === 'true', idempotencyKey }
}

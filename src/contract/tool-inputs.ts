import { z } from 'zod'

const text = z.string()
const milliseconds = z.number()
const flag = z.boolean().optional()

/** Input schemas of Claude Code's tools that change something or reach the network, for inputs edited by people. */
const toolInputs: Readonly<Record<string, z.ZodObject>> = {
  Bash: z.object({
    command: text,
    timeout: milliseconds.optional(),
    description: text.optional(),
    run_in_background: flag,
    dangerouslyDisableSandbox: flag,
  }),
  Write: z.object({ file_path: text, content: text }),
  Edit: z.object({ file_path: text, old_string: text, new_string: text, replace_all: flag }),
  NotebookEdit: z.object({
    notebook_path: text,
    cell_id: text.optional(),
    new_source: text,
    cell_type: z.enum(['code', 'markdown']).optional(),
    edit_mode: z.enum(['replace', 'insert', 'delete']).optional(),
  }),
  Read: z.object({
    file_path: text,
    offset: z.number().optional(),
    limit: z.number().optional(),
    pages: text.optional(),
    allow_large: flag,
  }),
  WebFetch: z.object({ url: text, prompt: text, offset: z.number().optional() }),
  WebSearch: z.object({
    query: text,
    allowed_domains: z.array(text).optional(),
    blocked_domains: z.array(text).optional(),
  }),
  Glob: z.object({ pattern: text, path: text.optional() }),
}

export interface InputFlaw {
  path: PropertyKey[]
  message: string
}

/**
 * Validates an input that a person sends in place of Claude's, before Claude Code would refuse it. For tools that
 * are not listed, Claude's own call is the only hint at what they take.
 */
export function findInputFlaw(
  toolName: string,
  asked: Record<string, unknown>,
  given: Record<string, unknown>,
): InputFlaw | undefined {
  const schema = toolInputs[toolName]
  return schema ? findFlaw(toolName, schema, asked, given) : findChangedType(asked, given)
}

function findFlaw(
  toolName: string,
  schema: z.ZodObject,
  asked: Record<string, unknown>,
  given: Record<string, unknown>,
): InputFlaw | undefined {
  const issue = schema.safeParse(given).error?.issues[0]
  if (issue) {
    const isMissing = issue.path.length === 1 && given[String(issue.path[0])] === undefined
    if (isMissing) return { path: issue.path, message: 'is required' }
    const message = issue.code === 'invalid_type' ? `must be ${issue.expected}` : issue.message
    return { path: issue.path, message }
  }
  // A newer Claude Code may accept more fields than are listed.
  const unknown = Object.keys(given).find(name => !(name in schema.shape) && !(name in asked))
  return unknown === undefined
    ? undefined
    : { path: [unknown], message: `must be absent: ${toolName} has no such input` }
}

function findChangedType(
  asked: Record<string, unknown>,
  given: Record<string, unknown>,
): InputFlaw | undefined {
  for (const [name, value] of Object.entries(given)) {
    const before = asked[name]
    if (before !== undefined && typeOf(before) !== typeOf(value)) {
      return { path: [name], message: `must be ${typeOf(before)}, as in Claude's call` }
    }
  }
  return undefined
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

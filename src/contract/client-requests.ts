import { z } from 'zod'
import { findJsonExcess } from '../lib/json-scan.ts'
import { imageMediaTypes } from '../lib/media-type.ts'

/** Claude Code names the caller's tools `mcp__client__<name>`, so no MCP server of a session may have this name. */
export const clientServerName = 'client'
const clientToolPrefix = `mcp__${clientServerName}__`

/** Whether Claude calls a tool of the caller by this name. */
export function isClientTool(name: string): boolean {
  return name.startsWith(clientToolPrefix)
}

/** The name of a tool as the caller knows it: without Claude's prefix, if it is a tool of the caller. */
export function toShownTool(name: string): string {
  return isClientTool(name) ? name.slice(clientToolPrefix.length) : name
}

/** Claude's name of a tool of the caller. */
export function toClientTool(name: string): string {
  return `${clientToolPrefix}${name}`
}

const longestSchemaBytes = 64 * 1024
/** All tools of a session: they are stored with it, and told to the model with each request. */
const largestBytes = 1024 * 1024
const bounds = { depth: 32, values: 10_000, numberLength: 1_000 }

const inputSchema = z
  .record(z.string(), z.unknown())
  .superRefine((schema, context) => {
    const message = findFlaw(schema)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .meta({
    description:
      'A JSON Schema (draft 7) of the input with `type: "object"`, of at most 64 KiB. Absent: an object with any properties',
  })

function findFlaw(schema: Record<string, unknown>): string | undefined {
  const text = Buffer.from(JSON.stringify(schema))
  if (text.byteLength > longestSchemaBytes) return `must be at most ${longestSchemaBytes} bytes as JSON`
  if (findJsonExcess(text, bounds)) return 'must not have more than 32 levels and 10,000 values'
  return schema.type === 'object' ? undefined : 'must have the type "object"'
}

export const clientTool = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -')
      .meta({ description: 'The name of the tool, unique in the session' }),
    description: z
      .string()
      .max(10_000)
      .optional()
      .meta({ description: 'The purpose of the tool, for Claude' }),
    inputSchema: inputSchema.optional(),
    readOnly: z.boolean().optional().meta({
      description: 'Whether calls change nothing, so that several can run in parallel. Absent: false',
    }),
  })
  .meta({
    id: 'ClientTool',
    description:
      'A tool that the caller answers: each call is a request of kind `client_tool`, to be answered with `result` or `error`',
  })

export const clientTools = z
  .array(clientTool)
  .max(128)
  .refine(tools => new Set(tools.map(({ name }) => name)).size === tools.length, {
    message: 'must not repeat a name',
  })
  .refine(tools => Buffer.byteLength(JSON.stringify(tools)) <= largestBytes, {
    message: `must be at most ${largestBytes} bytes as JSON`,
  })

/** Events of Claude Code that callers can decide about, and whether the event can be blocked. */
export const hookEvents = {
  PreToolUse: true,
  PostToolUse: false,
  PostToolUseFailure: false,
  UserPromptSubmit: true,
  Stop: false,
  SubagentStart: false,
  SubagentStop: false,
  PreCompact: false,
} as const

export type ClientHookEvent = keyof typeof hookEvents

const hookEvent = z.enum(Object.keys(hookEvents) as [ClientHookEvent, ...ClientHookEvent[]])

export const defaultHookTimeoutMs = 60_000

/** Claude Code does not ask a hook whose matcher is not valid. */
function isMatcher(text: string): boolean {
  if (text === '*') return true
  try {
    return Boolean(new RegExp(text))
  } catch {
    return false
  }
}

/** Events at which Claude Code asks all hooks, whatever their matchers are. */
const withoutMatchers = ['UserPromptSubmit', 'Stop']

const clientHook = z.strictObject({
  matcher: z
    .string()
    .min(1)
    .max(1_000)
    .refine(isMatcher, { message: 'must be *, a name, names with | between them, or a regular expression' })
    .optional()
    .meta({
      description:
        'Which tools it is about, as in settings of Claude Code: a name (`mcp__client__<name>` for a client tool), or a regular expression; which subagents at `SubagentStart` and `SubagentStop`, `manual` or `auto` at `PreCompact`; not at `UserPromptSubmit` and `Stop`. Absent: all',
    }),
  timeoutMs: z
    .int()
    .min(1_000)
    .max(30 * 24 * 60 * 60 * 1000)
    .optional()
    .meta({ description: 'Milliseconds to wait for the answer. Absent: one minute' }),
  onFailure: z.enum(['continue', 'block']).optional().meta({
    description:
      'What happens without an answer, or with `error`: `continue` goes ahead; `block` refuses the tool call or the prompt (`PreToolUse`, `UserPromptSubmit` only). Absent: `continue`',
  }),
})

export const clientHooks = z
  .partialRecord(hookEvent, z.array(clientHook).min(1).max(20))
  .superRefine((hooks, context) => {
    for (const [event, list] of Object.entries(hooks)) {
      for (const [index, { matcher, onFailure }] of list.entries()) {
        const refuse = (field: string, message: string) =>
          context.addIssue({ code: 'custom', path: [event, index, field], message })
        if (matcher !== undefined && withoutMatchers.includes(event)) {
          refuse('matcher', `means nothing at ${event}`)
        }
        if (onFailure === 'block' && !hookEvents[event as ClientHookEvent]) {
          refuse('onFailure', 'block is possible with PreToolUse and UserPromptSubmit only')
        }
      }
    }
  })
  .meta({
    id: 'ClientHooks',
    description:
      'Hooks that the caller decides, by event: each is a request of kind `hook`, to be answered with `output` (SDK option `hooks`)',
  })

const text = z.string().max(100_000)

const contentBlock = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    text: z.string().max(1_000_000).meta({ description: 'The text' }),
  }),
  z.strictObject({
    type: z.literal('image'),
    data: z.base64().max(8_000_000).meta({ description: 'The image in Base64' }),
    mimeType: z.enum(imageMediaTypes).meta({ description: 'The media type of the image' }),
  }),
])

/** The result of a tool of the caller. */
export const clientToolResult = z
  .union([z.string().max(1_000_000), z.array(contentBlock).max(100)])
  .meta({ description: 'For kind `client_tool`: the result for Claude, as text or as blocks' })

export const hookOutput = z
  .strictObject({
    continue: z.boolean().optional().meta({ description: 'false: Claude stops after this' }),
    stopReason: text.optional().meta({ description: 'Why, where `continue` is false' }),
    suppressOutput: z
      .boolean()
      .optional()
      .meta({ description: 'Whether its output is left out of the transcript' }),
    systemMessage: text.optional().meta({ description: 'A notice for people' }),
    decision: z.enum(['approve', 'block']).optional().meta({
      description: '`block`: the action is refused; at `Stop` and `SubagentStop`, Claude continues to work',
    }),
    reason: text.optional().meta({ description: 'Of `decision`, for Claude' }),
    hookSpecificOutput: z
      .strictObject({
        hookEventName: hookEvent.meta({ description: 'The event of the request' }),
        permissionDecision: z.enum(['allow', 'deny', 'ask']).optional().meta({
          description: 'The decision about the tool call; `PreToolUse` only. Rules that deny it still count',
        }),
        permissionDecisionReason: text.optional().meta({ description: 'Why, for Claude; `PreToolUse` only' }),
        updatedInput: z.record(z.string(), z.unknown()).optional().meta({
          description: 'Input for the tool to run with instead; `PreToolUse` only',
        }),
        additionalContext: text.optional().meta({ description: 'Text that Claude is given' }),
        updatedToolOutput: z.unknown().optional().meta({
          description:
            'Result for Claude instead of the actual one, in the form that `tool_response` of the input has; Claude Code ignores other forms. `PostToolUse` only',
        }),
      })
      .optional()
      .meta({ description: 'The fields that depend on the event' }),
  })
  .meta({
    id: 'HookOutput',
    description: 'For kind `hook`: the output of the hook, as the SDK has it (`SyncHookJSONOutput`)',
  })

export const hookRequest = z
  .strictObject({
    event: hookEvent.meta({ description: 'The event of Claude Code' }),
    input: z.record(z.string(), z.unknown()).meta({
      description: "The hook's input, as the SDK has it, without ids and files of Claude Code itself",
    }),
  })
  .meta({ id: 'HookRequest', description: 'The event that the caller decides about; kind `hook` only' })

export type ClientTool = z.infer<typeof clientTool>
export type ClientHooks = z.infer<typeof clientHooks>
export type ClientToolResult = z.infer<typeof clientToolResult>
export type HookOutput = z.infer<typeof hookOutput>
export type HookRequest = z.infer<typeof hookRequest>

import { z } from 'zod'
import { identifier, integerParameter, timestamp } from './primitives.ts'
import { permissionMode } from './sessions.ts'
import { cursorParameter, pagination } from './turns.ts'

export const permissionKind = z.enum(['tool', 'question', 'plan', 'elicitation']).meta({
  id: 'PermissionKind',
  description:
    '`tool`: Claude wants to use a tool; `question`: it asks something (tool AskUserQuestion); `plan`: it proposes a plan (tool ExitPlanMode); `elicitation`: an MCP server wants something of a person',
})

export const permissionStatus = z.enum(['pending', 'allowed', 'denied', 'expired', 'withdrawn']).meta({
  id: 'PermissionStatus',
  description:
    '`expired`: nobody answered in time, and it was denied; `withdrawn`: what asked for it is over',
})

const question = z
  .looseObject({
    question: z.string(),
    header: z.string().optional(),
    multiSelect: z.boolean().optional(),
    options: z.array(z.looseObject({ label: z.string(), description: z.string().optional() })),
  })
  .meta({ id: 'PermissionQuestion', description: 'A question as Claude asks it' })

const elicitation = z
  .strictObject({
    serverName: z.string(),
    message: z.string(),
    mode: z.enum(['form', 'url']),
    url: z.string().optional().meta({ description: 'Where the person is to go; mode `url` only' }),
    requestedSchema: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'JSON Schema of what is asked for; mode `form` only' }),
  })
  .meta({ id: 'PermissionElicitation', description: "What an MCP server asks for (MCP's elicitation)" })

/** What Claude Code offers as a rule; its own shape (SDK `PermissionUpdate`). */
const suggestion = z.looseObject({ type: z.string() }).meta({ id: 'PermissionSuggestion' })

export const permissionFields = {
  permissionId: identifier,
  sessionId: identifier,
  turnId: identifier.nullable().meta({ description: 'null: asked by work in the background' }),
  kind: permissionKind,
  toolName: z.string(),
  toolUseId: z.string().nullable(),
  agentId: z.string().nullable().meta({ description: 'Set when a subagent asks' }),
  input: z.record(z.string(), z.unknown()).meta({ description: 'What the tool would be called with' }),
  title: z.string().nullable().meta({ description: 'A sentence for people' }),
  description: z.string().nullable(),
  suggestions: z
    .array(suggestion)
    .meta({ description: 'What `remember: { suggestions }` can allow for the rest of the session' }),
  questions: z.array(question).optional(),
  plan: z.string().optional(),
  elicitation: elicitation.optional(),
  requestedAt: timestamp,
  expiresAt: timestamp,
  status: permissionStatus,
  decidedAt: timestamp.nullable(),
  decidedBy: z.string().nullable().meta({ description: 'Id of the API key that answered' }),
  message: z.string().nullable().meta({ description: 'What was said with the decision' }),
  updatedInput: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'What the tool was called with in place of `input`; null: with `input`' }),
  remembered: z.array(suggestion).meta({
    description: 'What the answer changed for the rest of the session, exactly; empty: nothing',
  }),
}

export const permissionRequest = z.strictObject(permissionFields).meta({ id: 'PermissionRequest' })

const page = {
  status: z.enum(['pending', 'all']).default('pending'),
  limit: integerParameter(1, 200).default(50),
  offset: integerParameter(0, 1_000_000_000).default(0),
  cursor: cursorParameter,
}

export const listPermissionsQuery = z.strictObject(page)

export const listPermissionsResponse = z
  .strictObject({ permissions: z.array(permissionRequest), pagination })
  .meta({ id: 'ListPermissionsResponse' })

export const answerPermissionRequest = z
  .strictObject({
    decision: z.enum(['allow', 'deny']),
    updatedInput: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'The tool is called with this instead; with `allow` for kind `tool`' }),
    message: z.string().max(10_000).optional().meta({
      description:
        'Claude is told it; with `deny` it is the reason or the feedback. Not for kind `elicitation`',
    }),
    remember: z
      .union([
        z.literal('session'),
        z.strictObject({
          suggestions: z
            .array(z.int().min(0))
            .min(1)
            .max(100)
            .meta({ description: "Indexes of the request's `suggestions`" }),
        }),
      ])
      .optional()
      .meta({
        description:
          '`session`: the call that was allowed to run may run again in this session without asking; `suggestions`: what these suggestions say, which can be wider (more commands, a directory, a permission mode). With `allow` for kind `tool`',
      }),
    interrupt: z.boolean().default(false).meta({ description: 'Stops the turn as well; with `deny`' }),
    answers: z
      .record(z.string(), z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]))
      .optional()
      .meta({
        description:
          'For kind `question` with `allow`: the text of each question with the label chosen, labels for `multiSelect`, or an answer in own words',
      }),
    permissionMode: permissionMode
      .optional()
      .meta({ description: 'For kind `plan` with `allow`: the mode to go on with; default `default`' }),
    content: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .optional()
      .meta({ description: 'For kind `elicitation` with `allow`: the filled-in form' }),
  })
  .meta({ id: 'AnswerPermissionRequest' })

export type PermissionKind = z.infer<typeof permissionKind>
export type PermissionStatus = z.infer<typeof permissionStatus>
export type PermissionRequest = z.infer<typeof permissionRequest>
export type PermissionSuggestion = z.infer<typeof suggestion>
export type PermissionElicitation = z.infer<typeof elicitation>
export type AnswerPermissionRequest = z.input<typeof answerPermissionRequest>
export type ListPermissionsResponse = z.infer<typeof listPermissionsResponse>

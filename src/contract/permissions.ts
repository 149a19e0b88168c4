import { z } from 'zod'
import { clientToolResult, hookOutput, hookRequest } from './client-requests.ts'
import { identifier, sessionIdentifier, tenantParameter, timestamp } from './primitives.ts'
import { permissionMode } from './sessions.ts'
import { pageParameters, pagination } from './turns.ts'

export const permissionKind = z
  .enum(['tool', 'question', 'plan', 'elicitation', 'client_tool', 'hook'])
  .meta({
    id: 'PermissionKind',
    description:
      '`tool`: Claude wants to use a tool; `question`: it asks something (tool AskUserQuestion); `plan`: it proposes a plan (tool ExitPlanMode); `elicitation`: an MCP server asks a person for input; `client_tool`: Claude calls a tool of the caller (`clientTools`); `hook`: the caller decides about an event (`clientHooks`)',
  })

export const permissionStatus = z
  .enum(['pending', 'allowed', 'denied', 'answered', 'expired', 'withdrawn'])
  .meta({
    id: 'PermissionStatus',
    description:
      '`answered`: a client tool or a hook was answered; `expired`: no answer came in time, so the request counts as denied; `withdrawn`: the turn or task that asked is over',
  })

const question = z
  .looseObject({
    question: z.string().meta({ description: 'The text of the question; the key in `answers`' }),
    header: z.string().optional().meta({ description: 'A short heading' }),
    multiSelect: z.boolean().optional().meta({ description: 'Whether several options may be chosen' }),
    options: z
      .array(
        z.looseObject({
          label: z.string().meta({ description: 'The answer' }),
          description: z.string().optional().meta({ description: 'What the answer means' }),
        }),
      )
      .meta({ description: 'Answers to choose from' }),
  })
  .meta({ id: 'PermissionQuestion', description: 'A question from Claude' })

const elicitation = z
  .strictObject({
    serverName: z.string().meta({ description: 'Name of the MCP server' }),
    message: z.string().meta({ description: 'What the server asks for' }),
    mode: z.enum(['form', 'url']).meta({ description: '`form`: fill in a form; `url`: open a page' }),
    url: z.string().optional().meta({ description: 'The page for the person to open; mode `url` only' }),
    requestedSchema: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'JSON Schema of the form; mode `form` only' }),
  })
  .meta({
    id: 'PermissionElicitation',
    description: 'A request for input from an MCP server (MCP elicitation)',
  })

/** A rule that Claude Code suggests, in its own shape (SDK `PermissionUpdate`). */
const suggestion = z
  .looseObject({
    type: z.string().meta({ description: 'Kind of the change, such as `addRules` or `setMode`' }),
  })
  .meta({
    id: 'PermissionSuggestion',
    description: 'A change of rules that Claude Code suggests (SDK `PermissionUpdate`)',
  })

export const permissionFields = {
  permissionId: identifier.meta({ description: 'Id of the permission request' }),
  sessionId: sessionIdentifier,
  turnId: identifier.nullable().meta({ description: 'null: background work asks' }),
  kind: permissionKind,
  toolName: z.string().meta({ description: 'Name of the tool' }),
  toolUseId: z
    .string()
    .nullable()
    .meta({ description: 'Id of the tool call; null: there is none, as for `elicitation`' }),
  agentId: z.string().nullable().meta({ description: 'The subagent that asks; null: the main conversation' }),
  input: z.record(z.string(), z.unknown()).meta({ description: 'The input of the tool call' }),
  title: z.string().nullable().meta({ description: 'A text for people' }),
  description: z.string().nullable().meta({ description: 'What the call does, for people; null: unknown' }),
  suggestions: z
    .array(suggestion)
    .meta({ description: 'Rules that `remember: { suggestions }` can allow for the rest of the session' }),
  questions: z.array(question).optional().meta({ description: 'The questions; kind `question` only' }),
  plan: z.string().optional().meta({ description: 'The plan in Markdown; kind `plan` only' }),
  elicitation: elicitation.optional(),
  hook: hookRequest.optional(),
  requestedAt: timestamp,
  expiresAt: timestamp,
  status: permissionStatus,
  decidedAt: timestamp.nullable().meta({ description: 'null: the request is pending' }),
  decidedBy: z.string().nullable().meta({ description: 'The id of the API key that answered' }),
  message: z.string().nullable().meta({ description: 'The message of the decision' }),
  updatedInput: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'The input that the tool ran with instead of `input`; null: it ran with `input`' }),
  remembered: z.array(suggestion).meta({
    description: 'Exactly what the answer allowed or changed for the rest of the session; empty: nothing',
  }),
}

export const permissionRequest = z.strictObject(permissionFields).meta({ id: 'PermissionRequest' })

const page = {
  status: z
    .enum(['pending', 'all'])
    .default('pending')
    .meta({ description: 'Only requests that wait for an answer, or all' }),
  ...pageParameters(200, 50),
}

export const listPermissionsQuery = z.strictObject(page)
export const listAllPermissionsQuery = z.strictObject({ tenant: tenantParameter, ...page })

export const listPermissionsResponse = z
  .strictObject({
    permissions: z.array(permissionRequest).meta({ description: 'The permission requests of this page' }),
    pagination,
  })
  .meta({ id: 'ListPermissionsResponse' })

export const answerPermissionRequest = z
  .strictObject({
    decision: z.enum(['allow', 'deny']).optional().meta({
      description: 'The decision; required for all kinds but `client_tool` and `hook`',
    }),
    result: clientToolResult.optional(),
    output: hookOutput.optional(),
    error: z.string().min(1).max(100_000).optional().meta({
      description:
        'For kinds `client_tool` and `hook`: the reason of a failure. A tool call fails with this text; a hook fails as its `onFailure` says',
    }),
    updatedInput: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'Input for the tool to run with instead; with `allow` for kind `tool`' }),
    message: z.string().max(10_000).optional().meta({
      description: 'A note to Claude; with `deny`, the reason or feedback. Not for kind `elicitation`',
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
          '`session`: the allowed call may run again in this session without asking; `suggestions`: apply these suggestions, which can be broader (more commands, a directory, a permission mode). With `allow` for kind `tool`',
      }),
    interrupt: z.boolean().default(false).meta({ description: 'Also interrupt the turn; with `deny`' }),
    answers: z
      .record(z.string(), z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]))
      .optional()
      .meta({
        description:
          "For kind `question` with `allow`: for the text of each question, the chosen label, several labels (`multiSelect`), or the person's own words",
      }),
    permissionMode: permissionMode.optional().meta({
      description: 'For kind `plan` with `allow`: the permission mode to continue in; default `default`',
    }),
    content: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .optional()
      .meta({ description: 'For kind `elicitation` with `allow`: the completed form' }),
  })
  .meta({ id: 'AnswerPermissionRequest' })

export type PermissionKind = z.infer<typeof permissionKind>
export type PermissionStatus = z.infer<typeof permissionStatus>
export type PermissionRequest = z.infer<typeof permissionRequest>
export type PermissionSuggestion = z.infer<typeof suggestion>
export type PermissionElicitation = z.infer<typeof elicitation>
export type AnswerPermissionRequest = z.input<typeof answerPermissionRequest>
export type ListPermissionsResponse = z.infer<typeof listPermissionsResponse>

import { z } from 'zod'
import { identifier, integerParameter, timestamp } from './primitives.ts'
import { cursorParameter, pagination } from './turns.ts'

export const command = z
  .strictObject({
    name: z.string().meta({ description: 'What stands after the `/`' }),
    description: z.string(),
    argumentHint: z.string().meta({ description: 'What may stand after the name; empty: nothing' }),
    aliases: z.array(z.string()),
    builtIn: z
      .boolean()
      .meta({ description: "Claude Code's own; false: of the project, a plugin or an MCP server" }),
  })
  .meta({ id: 'Command', description: 'A slash command or a skill' })

export const listCommandsResponse = z
  .strictObject({ sessionId: identifier, commands: z.array(command) })
  .meta({ id: 'ListCommandsResponse' })

export const agentDescription = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    model: z
      .string()
      .nullable()
      .meta({ description: "`inherit`: the session's; null: what Claude Code has as its default" }),
  })
  .meta({ id: 'AgentDescription', description: 'A subagent that Claude may start' })

export const listAgentsResponse = z
  .strictObject({ sessionId: identifier, agents: z.array(agentDescription) })
  .meta({ id: 'ListAgentsResponse' })

const tokens = z.int().min(0)

export const contextUsage = z
  .strictObject({
    model: z.string(),
    totalTokens: tokens.meta({
      description:
        'What occupies the window, as of the last prompt: the answer to it counts from the next one',
    }),
    maxTokens: tokens.meta({ description: 'The size of the window' }),
    percentage: z.number().min(0),
    categories: z.array(
      z.strictObject({
        id: z.string().nullable().meta({
          description: 'Stable, such as `system_prompt` or `messages`; null: Claude Code gives none',
        }),
        name: z.string().meta({ description: 'For people' }),
        kind: z.string().meta({
          description:
            '`used` occupies the window, `free` is left, `buffer` is kept for compaction, `deferred` is outside of it',
        }),
        tokens,
      }),
    ),
    memoryFiles: z.array(z.strictObject({ path: z.string(), type: z.string(), tokens })),
    mcpTools: z.array(z.strictObject({ server: z.string(), name: z.string(), tokens })),
    agents: z.array(z.strictObject({ name: z.string(), source: z.string(), tokens })),
    skills: z.array(z.strictObject({ name: z.string(), source: z.string(), tokens })),
    autoCompact: z.strictObject({
      enabled: z.boolean(),
      threshold: tokens
        .nullable()
        .meta({ description: 'Tokens at which Claude Code compacts by itself; null: not known' }),
    }),
  })
  .meta({ id: 'ContextUsage', description: "What fills the model's context window" })

export const contextQuery = z.strictObject({
  detail: z
    .enum(['full', 'summary'])
    .default('full')
    .meta({ description: "`full` has the model's API count the tokens, `summary` estimates them" }),
})

export const getContextResponse = z
  .strictObject({ sessionId: identifier, ...contextUsage.shape })
  .meta({ id: 'GetContextResponse' })

export const compactRequest = z
  .strictObject({
    instructions: z
      .string()
      .max(10_000)
      .regex(/\S/, 'must not be empty')
      .optional()
      .meta({ description: 'What the summary is to keep' }),
    timeout: z
      .int()
      .min(0)
      .max(24 * 60 * 60 * 1000)
      .default(0)
      .meta({ description: 'Milliseconds from acceptance until the turn is stopped; 0: none' }),
    onBusy: z.enum(['queue', 'reject']).default('queue').meta({
      description: 'What happens when the session runs a turn: `queue` waits for it, `reject` answers 409',
    }),
  })
  .meta({ id: 'CompactRequest' })

export const compactResponse = z
  .strictObject({
    turnId: identifier,
    sessionId: identifier,
    claudeSessionId: z.string().meta({ description: "Claude Code's own id of the conversation" }),
    compacted: z.boolean().meta({ description: 'false: there was nothing to compact, or it failed' }),
    tokensBefore: tokens.nullable(),
    tokensAfter: tokens.nullable(),
    message: z
      .string()
      .nullable()
      .meta({ description: 'Why it was not compacted, in the words of Claude Code' }),
  })
  .meta({ id: 'CompactResponse' })

export const mcpServerState = z
  .strictObject({
    name: z.string(),
    status: z.enum(['connected', 'failed', 'needs-auth', 'pending', 'disabled']),
    error: z.string().nullable().meta({ description: 'Why it failed; without the secrets of its settings' }),
    notice: z.string().nullable().meta({
      description: 'What is wrong with a connected server, such as that Claude can use none of its tools',
    }),
    scope: z
      .string()
      .nullable()
      .meta({ description: 'Where it is set up: `dynamic` in the session, `project` in `.mcp.json`' }),
    transport: z.string().nullable().meta({ description: '`http`, `sse` or `stdio`' }),
    serverInfo: z
      .strictObject({ name: z.string(), version: z.string() })
      .nullable()
      .meta({ description: 'What it says of itself; null while it is not connected' }),
    tools: z.array(
      z.strictObject({
        name: z.string().meta({ description: 'As the server has it, without `mcp__<server>__`' }),
        description: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'McpServerState' })

export const listMcpServersResponse = z
  .strictObject({ sessionId: identifier, servers: z.array(mcpServerState) })
  .meta({ id: 'ListMcpServersResponse' })

export const changeMcpServerRequest = z
  .strictObject({ action: z.enum(['reconnect', 'enable', 'disable']) })
  .meta({ id: 'ChangeMcpServerRequest' })

export const taskStatuses = ['running', 'completed', 'failed', 'stopped', 'lost'] as const
export const taskStatus = z.enum(taskStatuses).meta({
  id: 'TaskStatus',
  description:
    '`stopped`: by a call, by Claude, or because its process was ended; `lost`: its process died, and it with it',
})

export const task = z
  .strictObject({
    taskId: z.string(),
    type: z.string().meta({ description: '`local_bash`: a command; `local_agent`: a subagent' }),
    description: z.string(),
    status: taskStatus,
    turnId: identifier.nullable().meta({ description: 'The turn that started it; null: none did' }),
    toolUseId: z.string().nullable().meta({ description: 'The tool call that started it' }),
    agent: z.string().nullable().meta({ description: 'For a subagent: which' }),
    summary: z.string().nullable().meta({ description: 'What it says of its end' }),
    startedAt: timestamp,
    endedAt: timestamp.nullable(),
  })
  .meta({ id: 'Task', description: 'A background task: it can outlive the turn that started it' })

export const listTasksQuery = z.strictObject({
  status: z.enum([...taskStatuses, 'all']).default('all'),
  limit: integerParameter(1, 1000).default(100),
  offset: integerParameter(0, 1_000_000_000).default(0),
  cursor: cursorParameter,
})

export const listTasksResponse = z
  .strictObject({ sessionId: identifier, tasks: z.array(task), pagination })
  .meta({ id: 'ListTasksResponse' })

export type Command = z.infer<typeof command>
export type ListCommandsResponse = z.infer<typeof listCommandsResponse>
export type AgentDescription = z.infer<typeof agentDescription>
export type ListAgentsResponse = z.infer<typeof listAgentsResponse>
export type ContextUsage = z.infer<typeof contextUsage>
export type GetContextResponse = z.infer<typeof getContextResponse>
/** What `POST /sessions/:id/compact` takes; every field is optional. */
export type CompactRequest = z.input<typeof compactRequest>
export type CompactResponse = z.infer<typeof compactResponse>
export type McpServerState = z.infer<typeof mcpServerState>
export type McpAction = z.infer<typeof changeMcpServerRequest>['action']
export type ListMcpServersResponse = z.infer<typeof listMcpServersResponse>
export type ChangeMcpServerRequest = z.infer<typeof changeMcpServerRequest>
export type TaskStatus = z.infer<typeof taskStatus>
export type Task = z.infer<typeof task>
export type ListTasksResponse = z.infer<typeof listTasksResponse>

import { z } from 'zod'
import { identifier, integerParameter, timestamp } from './primitives.ts'
import { cursorParameter, pagination } from './turns.ts'

export const command = z
  .strictObject({
    name: z.string().meta({ description: 'The name, without the `/`' }),
    description: z.string(),
    argumentHint: z.string().meta({ description: 'A hint at the arguments; empty: none' }),
    aliases: z.array(z.string()),
    builtIn: z
      .boolean()
      .meta({ description: 'Built into Claude Code; false: from the project, a plugin or an MCP server' }),
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
      .meta({ description: "`inherit`: the session's model; null: Claude Code's default" }),
  })
  .meta({ id: 'AgentDescription', description: 'A subagent that Claude can start' })

export const listAgentsResponse = z
  .strictObject({ sessionId: identifier, agents: z.array(agentDescription) })
  .meta({ id: 'ListAgentsResponse' })

const tokens = z.int().min(0)

export const contextUsage = z
  .strictObject({
    model: z.string(),
    totalTokens: tokens.meta({
      description:
        'Tokens in the window as of the last prompt; the answer to it counts from the next prompt on',
    }),
    maxTokens: tokens.meta({ description: 'The size of the window' }),
    percentage: z.number().min(0),
    categories: z.array(
      z.strictObject({
        id: z.string().nullable().meta({
          description: 'A stable key such as `system_prompt` or `messages`; null: Claude Code reports none',
        }),
        name: z.string().meta({ description: 'For people' }),
        kind: z.string().meta({
          description:
            '`used`: in the window; `free`: available; `buffer`: reserved for compaction; `deferred`: outside the window',
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
        .meta({ description: 'Tokens at which Claude Code compacts automatically; null: unknown' }),
    }),
  })
  .meta({ id: 'ContextUsage', description: "What fills the model's context window" })

export const contextQuery = z.strictObject({
  detail: z
    .enum(['full', 'summary'])
    .default('full')
    .meta({ description: "`full`: the model's API counts the tokens; `summary`: they are estimated" }),
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
      .meta({ description: 'Instructions for the summary, such as what to keep' }),
    timeout: z
      .int()
      .min(0)
      .max(24 * 60 * 60 * 1000)
      .default(0)
      .meta({ description: 'Milliseconds from acceptance until the turn times out; 0: no timeout' }),
    onBusy: z.enum(['queue', 'reject']).default('queue').meta({
      description: 'What to do if the session is running a turn: `queue` waits for it, `reject` returns 409',
    }),
  })
  .meta({ id: 'CompactRequest' })

export const compactResponse = z
  .strictObject({
    turnId: identifier,
    sessionId: identifier,
    claudeSessionId: z.string().meta({ description: "Claude Code's id of the conversation" }),
    compacted: z
      .boolean()
      .meta({ description: 'false: there was nothing to compact, or the compaction failed' }),
    tokensBefore: tokens.nullable(),
    tokensAfter: tokens.nullable(),
    message: z
      .string()
      .nullable()
      .meta({ description: "Why the conversation was not compacted, in Claude Code's words" }),
  })
  .meta({ id: 'CompactResponse' })

export const mcpServerState = z
  .strictObject({
    name: z.string(),
    status: z.enum(['connected', 'failed', 'needs-auth', 'pending', 'disabled']),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Why the server failed; secrets of its settings are removed' }),
    notice: z.string().nullable().meta({
      description: 'A problem with a connected server, for example that Claude cannot use its tools',
    }),
    scope: z.string().nullable().meta({
      description: 'Where the server is configured: `dynamic`: in the session, `project`: in `.mcp.json`',
    }),
    transport: z.string().nullable().meta({ description: '`http`, `sse` or `stdio`' }),
    serverInfo: z
      .strictObject({ name: z.string(), version: z.string() })
      .nullable()
      .meta({ description: 'Name and version that the server reports; null while it is not connected' }),
    tools: z.array(
      z.strictObject({
        name: z.string().meta({ description: 'The name on the server, without `mcp__<server>__`' }),
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
  description: '`stopped`: by a call, by Claude, or because its process was ended; `lost`: its process died',
})

export const task = z
  .strictObject({
    taskId: z.string(),
    type: z.string().meta({ description: '`local_bash`: a command; `local_agent`: a subagent' }),
    description: z.string(),
    status: taskStatus,
    turnId: identifier
      .nullable()
      .meta({ description: 'The turn that started the task; null: it was started outside of any turn' }),
    toolUseId: z.string().nullable().meta({ description: 'The tool call that started the task' }),
    agent: z.string().nullable().meta({ description: 'The name of the subagent, if the task is one' }),
    summary: z.string().nullable().meta({ description: 'The summary that the task gave at its end' }),
    startedAt: timestamp,
    endedAt: timestamp.nullable(),
  })
  .meta({ id: 'Task', description: 'A background task, which can outlive the turn that started it' })

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
/** The body of `POST /sessions/:id/compact`; every field is optional. */
export type CompactRequest = z.input<typeof compactRequest>
export type CompactResponse = z.infer<typeof compactResponse>
export type McpServerState = z.infer<typeof mcpServerState>
export type McpAction = z.infer<typeof changeMcpServerRequest>['action']
export type ListMcpServersResponse = z.infer<typeof listMcpServersResponse>
export type ChangeMcpServerRequest = z.infer<typeof changeMcpServerRequest>
export type TaskStatus = z.infer<typeof taskStatus>
export type Task = z.infer<typeof task>
export type ListTasksResponse = z.infer<typeof listTasksResponse>

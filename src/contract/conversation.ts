import { z } from 'zod'
import { identifier, sessionIdentifier, timestamp, tokenCount, turnIdentifier } from './primitives.ts'
import { pageParameters, pagination } from './turns.ts'

export const command = z
  .strictObject({
    name: z.string().meta({ description: 'The name, without the `/`' }),
    description: z.string().meta({ description: 'A text for people; may be empty' }),
    argumentHint: z.string().meta({ description: 'A hint at the arguments; empty: none' }),
    aliases: z.array(z.string()).meta({ description: 'Other names of the command' }),
    builtIn: z
      .boolean()
      .meta({ description: 'Built into Claude Code; false: from the project, a plugin or an MCP server' }),
  })
  .meta({ id: 'Command', description: 'A slash command or a skill' })

export const listCommandsResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    commands: z.array(command).meta({ description: 'Slash commands and skills' }),
  })
  .meta({ id: 'ListCommandsResponse' })

export const agentDescription = z
  .strictObject({
    name: z.string().meta({ description: 'Name of the subagent' }),
    description: z.string().meta({ description: 'When Claude uses the subagent' }),
    model: z
      .string()
      .nullable()
      .meta({ description: "`inherit`: the session's model; null: Claude Code's default" }),
  })
  .meta({ id: 'AgentDescription', description: 'A subagent that Claude can start' })

export const listAgentsResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    agents: z.array(agentDescription).meta({ description: 'The subagents' }),
  })
  .meta({ id: 'ListAgentsResponse' })

const tokens = tokenCount

const partOfContext = z.strictObject({
  name: z.string().meta({ description: 'Name' }),
  source: z.string().meta({ description: 'Where it is defined, such as `projectSettings` or `built-in`' }),
  tokens,
})

export const contextUsage = z
  .strictObject({
    model: z.string().meta({ description: 'Model id' }),
    totalTokens: tokens.meta({
      description:
        'Tokens in the window as of the last prompt; the answer to it counts from the next prompt on',
    }),
    maxTokens: tokens.meta({ description: 'The size of the window' }),
    percentage: z.number().min(0).meta({ description: '`totalTokens` in percent of `maxTokens`' }),
    categories: z
      .array(
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
      )
      .meta({ description: 'The tokens by what they are used for' }),
    memoryFiles: z
      .array(
        z.strictObject({
          path: z.string().meta({ description: 'Path of the file' }),
          type: z.string().meta({ description: 'Where the file comes from, such as `Project` or `User`' }),
          tokens,
        }),
      )
      .meta({ description: 'Memory files such as `CLAUDE.md`' }),
    mcpTools: z
      .array(
        z.strictObject({
          server: z.string().meta({ description: 'Name of the MCP server' }),
          name: z.string().meta({ description: 'Name of the tool' }),
          tokens,
        }),
      )
      .meta({ description: 'Tools of MCP servers' }),
    agents: z.array(partOfContext).meta({ description: 'Subagents that Claude is told about' }),
    skills: z.array(partOfContext).meta({ description: 'Skills that Claude is told about' }),
    autoCompact: z
      .strictObject({
        enabled: z.boolean().meta({ description: 'Whether Claude Code compacts automatically' }),
        threshold: tokens
          .nullable()
          .meta({ description: 'Tokens at which Claude Code compacts automatically; null: unknown' }),
      })
      .meta({ description: 'Automatic compaction' }),
  })
  .meta({ id: 'ContextUsage', description: "What fills the model's context window" })

export const contextQuery = z.strictObject({
  detail: z
    .enum(['full', 'summary'])
    .default('full')
    .meta({ description: "`full`: the model's API counts the tokens; `summary`: they are estimated" }),
})

export const getContextResponse = z
  .strictObject({ sessionId: sessionIdentifier, ...contextUsage.shape })
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
    turnId: turnIdentifier,
    sessionId: sessionIdentifier,
    claudeSessionId: z.string().meta({ description: "Claude Code's id of the conversation" }),
    compacted: z
      .boolean()
      .meta({ description: 'false: there was nothing to compact, or the compaction failed' }),
    tokensBefore: tokens
      .nullable()
      .meta({ description: 'Tokens of the conversation before the compaction; null: unknown' }),
    tokensAfter: tokens
      .nullable()
      .meta({ description: 'Tokens of the conversation after the compaction; null: unknown' }),
    message: z
      .string()
      .nullable()
      .meta({ description: "Why the conversation was not compacted, in Claude Code's words" }),
  })
  .meta({ id: 'CompactResponse' })

export const mcpServerState = z
  .strictObject({
    name: z.string().meta({ description: 'Name of the MCP server' }),
    status: z
      .enum(['connected', 'failed', 'needs-auth', 'pending', 'disabled'])
      .meta({ description: 'State of the connection; `pending`: not connected yet' }),
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
      .strictObject({
        name: z.string().meta({ description: 'Name' }),
        version: z.string().meta({ description: 'Version' }),
      })
      .nullable()
      .meta({ description: 'Name and version that the server reports; null while it is not connected' }),
    tools: z
      .array(
        z.strictObject({
          name: z.string().meta({ description: 'The name on the server, without `mcp__<server>__`' }),
          description: z
            .string()
            .nullable()
            .meta({ description: 'Description that the server reports; null: none' }),
        }),
      )
      .meta({ description: 'Tools of the server; empty while it is not connected' }),
  })
  .meta({ id: 'McpServerState', description: 'An MCP server and its connection' })

export const listMcpServersResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    servers: z.array(mcpServerState).meta({ description: "The session's MCP servers" }),
  })
  .meta({ id: 'ListMcpServersResponse' })

export const changeMcpServerRequest = z
  .strictObject({
    action: z.enum(['reconnect', 'enable', 'disable']).meta({ description: 'What to do with the server' }),
  })
  .meta({ id: 'ChangeMcpServerRequest' })

export const taskStatuses = ['running', 'completed', 'failed', 'stopped', 'lost'] as const
export const taskStatus = z.enum(taskStatuses).meta({
  id: 'TaskStatus',
  description: '`stopped`: by a call, by Claude, or because its process was ended; `lost`: its process died',
})

export const task = z
  .strictObject({
    taskId: z.string().meta({ description: 'Id of the background task' }),
    type: z.string().meta({ description: '`local_bash`: a command; `local_agent`: a subagent' }),
    description: z.string().meta({ description: 'What the task does, for people' }),
    status: taskStatus,
    turnId: identifier
      .nullable()
      .meta({ description: 'The turn that started the task; null: it was started outside of any turn' }),
    toolUseId: z.string().nullable().meta({ description: 'The tool call that started the task' }),
    agent: z.string().nullable().meta({ description: 'The name of the subagent, if the task is one' }),
    summary: z.string().nullable().meta({ description: 'The summary that the task gave at its end' }),
    startedAt: timestamp,
    endedAt: timestamp.nullable().meta({ description: 'null: the task is running' }),
  })
  .meta({ id: 'Task', description: 'A background task, which can outlive the turn that started it' })

export const listTasksQuery = z.strictObject({
  status: z
    .enum([...taskStatuses, 'all'])
    .default('all')
    .meta({ description: 'Only tasks with this status' }),
  ...pageParameters(1000, 100),
})

export const listTasksResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    tasks: z.array(task).meta({ description: 'The tasks of this page' }),
    pagination,
  })
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

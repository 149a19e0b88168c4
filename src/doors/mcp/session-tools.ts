import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { ClaudeCodeClient, CreateSessionRequest } from '../../client/index.ts'
import { permissionModes } from '../../contract/permission-mode.ts'
import { presetReference, readPresetReference } from '../../contract/session-configuration.ts'
import { tag } from '../../contract/sessions.ts'
import { cursor, pageSize, sessionId, text } from './inputs.ts'
import type { Surroundings } from './surroundings.ts'
import { addTool, toPageText, toResult } from './tool.ts'

const rules = z.array(text).optional()

/** One object, because some clients merge the branches of a union; the API checks which fields a type has. */
const workspace = z
  .strictObject({
    type: z.enum(['directory', 'empty', 'git', 'worktree']),
    path: text.optional().describe('Of an existing directory; type directory'),
    url: text.optional().describe('Of the repository to clone; type git'),
    ref: text.optional().describe('Branch, tag or commit; type git'),
    depth: z.int().optional().describe('The number of commits to clone; type git'),
    repository: text.optional().describe('Path of the repository; type worktree'),
    branch: text.optional().describe('Is created if it does not exist; type worktree'),
    base: text.optional().describe('Where a new branch begins; type worktree'),
  })
  .optional()
  .describe('A directory of its own for the session; not with cwd')

const clientTool = z.strictObject({
  name: text,
  description: z.string().optional(),
  inputSchema: z.record(z.string(), z.unknown()).optional(),
  readOnly: z.boolean().optional(),
})

export function addSessionTools(server: McpServer, surroundings: Surroundings): void {
  const { client } = surroundings
  addTool(server, surroundings, 'start_session', {
    title: 'Start a session',
    description:
      'Starts a session of Claude Code: a conversation in a working directory. Other settings than those below come from a preset (list_presets).',
    inputSchema: z.strictObject({
      preset: presetReference
        .optional()
        .describe('The configuration: a name, or name@version; fields below replace its own'),
      title: text.optional(),
      cwd: text.optional().describe('The working directory, on the server'),
      workspace,
      model: text.optional(),
      permissionMode: z.enum(permissionModes).optional(),
      permissionPrompts: z
        .enum(['ask', 'deny'])
        .optional()
        .describe('Whether Claude asks before it does what its rules do not allow. Default: ask'),
      permissionTimeoutMs: z.int().optional().describe('Milliseconds until an unanswered request is denied'),
      appendSystemPrompt: text.optional(),
      maxTurns: z.int().optional(),
      maxBudgetUsd: z.number().optional(),
      tools: rules.describe('The built-in tools that Claude has'),
      allowedTools: rules.describe('Tools, or rules such as Bash(git *), that need no permission'),
      disallowedTools: rules.describe('Tools, or rules, that are denied'),
      clientTools: z
        .array(clientTool)
        .optional()
        .describe('Tools that you answer: each call is an open request of kind client_tool'),
      tags: z.array(text).optional(),
    }),
    outputSchema: z.looseObject({ sessionId: z.string() }),
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    async run(input, { mcpReq: { signal } }) {
      const permissionPrompts =
        input.permissionPrompts ?? (await findPermissionPrompts(client, input.preset, signal))
      // The API checks the values.
      const body = { ...input, permissionPrompts } as CreateSessionRequest
      const session = await client.call('createSession', { body }, { signal })
      return toResult(`Session ${session.sessionId}`, { ...session })
    },
  })
  addTool(server, surroundings, 'list_sessions', {
    title: 'List sessions',
    description: 'Lists sessions, those with the latest activity first.',
    inputSchema: z.strictObject({
      status: z.enum(['active', 'expired', 'ended', 'all']).optional(),
      state: z.enum(['idle', 'running', 'requires_action']).optional(),
      preset: presetReference.optional().describe('Only sessions of this preset: a name, or name@version'),
      tag: z.array(tag).max(20).optional().describe('Only sessions with all of these tags'),
      limit: pageSize(100, 20),
      cursor,
    }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    async run(query, { mcpReq: { signal } }) {
      const page = await client.call('listSessions', { query }, { signal })
      const lines = page.sessions.map(
        ({ sessionId, title, state, status, lastActivity, cwd }) =>
          `${sessionId} ${status === 'active' ? state : status} ${lastActivity} ${cwd} ${title ?? ''}`,
      )
      return toResult(toPageText(lines, 'No sessions', page.nextCursor), { ...page })
    },
  })
  addTool(server, surroundings, 'end_session', {
    title: 'End a session',
    description: 'Ends a session for good, with all that it has running.',
    inputSchema: z.strictObject({ sessionId }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    async run({ sessionId }, { mcpReq: { signal } }) {
      await client.session(sessionId).end({ signal })
      return toResult(`Session ${sessionId} has ended`)
    },
  })
  addTool(server, surroundings, 'list_presets', {
    title: 'List presets',
    description: 'Lists the configurations that start_session can use.',
    inputSchema: z.strictObject({ limit: pageSize(100, 50), cursor }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    async run(query, { mcpReq: { signal } }) {
      const { presets, pagination } = await client.call('listPresets', { query }, { signal })
      const lines = presets.map(({ name, version, description }) => `${name}@${version} ${description ?? ''}`)
      const { nextCursor } = pagination
      return toResult(toPageText(lines, 'No presets', nextCursor), { presets, nextCursor })
    },
  })
}

/** Requests can be answered by the client of this door, so Claude asks unless the preset says otherwise. */
async function findPermissionPrompts(
  client: ClaudeCodeClient,
  named: string | undefined,
  signal: AbortSignal,
): Promise<'ask' | undefined> {
  if (named === undefined) return 'ask'
  const { name, version } = readPresetReference(named)
  const input = { params: { preset: name }, query: { version } }
  const { configuration } = await client.call('getPreset', input, { signal })
  return configuration.permissionPrompts === undefined ? 'ask' : undefined
}

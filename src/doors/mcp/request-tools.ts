import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { AnswerPermissionRequest } from '../../client/index.ts'
import { permissionModes } from '../../contract/permission-mode.ts'
import { cursor, id, pageSize, sessionId } from './inputs.ts'
import type { Surroundings } from './surroundings.ts'
import { addTool, toPageText, toResult } from './tool.ts'
import { showRequest } from './turn-report.ts'

const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('image'), data: z.string(), mimeType: z.string() }),
])

export function addRequestTools(server: McpServer, surroundings: Surroundings): void {
  const { client } = surroundings
  addTool(server, surroundings, 'list_requests', {
    title: 'List open requests',
    description:
      'Lists what Claude waits for: permissions, questions, plans, forms, calls of client tools and hooks; of one session, or of all.',
    inputSchema: z.strictObject({
      sessionId: sessionId.optional(),
      limit: pageSize(200, 50),
      cursor,
    }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    async run({ sessionId, ...query }, { mcpReq: { signal } }) {
      const { permissions, pagination } =
        sessionId === undefined
          ? await client.call('listAllPermissions', { query }, { signal })
          : await client.call('listPermissions', { params: { sessionId }, query }, { signal })
      const requests = permissions.map(showRequest)
      const lines = requests.map(request => JSON.stringify(request))
      const { nextCursor } = pagination
      return toResult(toPageText(lines, 'No open requests', nextCursor), { requests, nextCursor })
    },
  })
  addTool(server, surroundings, 'answer_request', {
    title: 'Answer a request',
    description:
      'Answers what Claude waits for. `decision` for permissions, questions (with `answers`), plans and forms (with `content`); `result` or `error` for client tools; `output` or `error` for hooks. Then call wait_for_turn.',
    inputSchema: z.strictObject({
      sessionId,
      requestId: id.describe('Id of the request'),
      decision: z.enum(['allow', 'deny']).optional(),
      message: z.string().optional().describe('A note to Claude, such as the reason for deny'),
      remember: z
        .union([z.literal('session'), z.strictObject({ suggestions: z.array(z.int().min(0)).min(1) })])
        .optional()
        .describe(
          'Also allow the same call, or these suggestions of the request, for the rest of the session',
        ),
      updatedInput: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('Run the tool with this input instead'),
      interrupt: z.boolean().optional().describe('With deny: also interrupt the turn'),
      answers: z
        .record(z.string(), z.union([z.string(), z.array(z.string())]))
        .optional()
        .describe('For questions: by the text of each question, the label of an option, or own words'),
      permissionMode: z.enum(permissionModes).optional().describe('For plans: the mode to continue in'),
      content: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
        .optional()
        .describe('For forms: the fields'),
      result: z
        .union([z.string(), z.array(block)])
        .optional()
        .describe('For client tools: the result'),
      output: z.record(z.string(), z.unknown()).optional().describe("For hooks: the hook's output"),
      error: z.string().optional().describe('For client tools and hooks: why there is no result'),
    }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
    async run({ sessionId, requestId, ...answer }, { mcpReq: { signal } }) {
      const body = answer as AnswerPermissionRequest
      const request = await client.session(sessionId).answer(requestId, body, { signal })
      return toResult(`The request is ${request.status}`, showRequest(request))
    },
  })
}

import type { CallToolResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { PermissionRequest, Turn } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'

/** The result of the tools that wait for a turn. */
export const turnOutput = z.looseObject({
  sessionId: z.string(),
  turnId: z.string(),
  status: z
    .string()
    .describe(
      'queued, running, requires_action, completed, failed, interrupted, timed_out, lost or cancelled',
    ),
  response: z.string().nullable().describe("Claude's answer"),
  openRequests: z
    .array(
      z.looseObject({
        requestId: z.string(),
        kind: z.string(),
        toolName: z.string(),
        input: z.record(z.string(), z.unknown()),
      }),
    )
    .describe('Requests to be answered with answer_request before Claude continues'),
  error: z.looseObject({ code: z.string(), reason: z.string(), message: z.string() }).nullable(),
})

/** A request as tools show it; fields that it does not have are left out. */
export function showRequest(request: PermissionRequest): Record<string, unknown> & { requestId: string } {
  const { permissionId, sessionId, turnId, kind, toolName, input, title, description, expiresAt, status } =
    request
  const { questions, plan, elicitation, suggestions, toolUseId, hook } = request
  return {
    requestId: permissionId,
    sessionId,
    turnId,
    kind,
    toolName: toShownTool(toolName),
    toolUseId,
    input,
    title,
    description,
    status,
    expiresAt,
    ...(suggestions.length > 0 && { suggestions }),
    ...(questions && { questions }),
    ...(plan !== undefined && { plan }),
    ...(elicitation && { elicitation }),
    ...(hook && { hook }),
  }
}

export function toTurnResult(turn: Turn, open: readonly PermissionRequest[] = []): CallToolResult {
  const { sessionId, turnId, status, response, error, costUsd, durationMs, structuredOutput, notice } = turn
  const structuredContent = {
    sessionId,
    turnId,
    status: open.length > 0 ? 'requires_action' : status,
    response,
    openRequests: open.map(showRequest),
    error: error && { code: error.code, reason: error.reason, message: error.message },
    costUsd,
    durationMs,
    ...(structuredOutput !== undefined && { structuredOutput }),
    ...(notice !== undefined && { notice }),
  }
  const failed = status === 'failed' || status === 'lost' || status === 'timed_out' || status === 'cancelled'
  return {
    content: [{ type: 'text', text: open.length > 0 ? describeRequests(turn, open) : describeTurn(turn) }],
    structuredContent,
    ...(failed && { isError: true }),
  }
}

function describeTurn(turn: Turn): string {
  const { sessionId, turnId, status, response, error, structuredOutput, notice } = turn
  const texts = [
    response ?? '',
    structuredOutput === undefined ? '' : JSON.stringify(structuredOutput),
    notice ?? '',
  ].filter(text => text !== '')
  const ids = `(session ${sessionId}, turn ${turnId})`
  switch (status) {
    case 'completed':
      return texts.join('\n\n') || `Claude has finished without a text ${ids}`
    case 'failed':
      return `${error?.code ?? 'MESSAGE_SEND_FAILED'}: ${error?.message ?? 'The turn failed'} ${ids}`
    case 'queued':
    case 'running':
    case 'requires_action':
      return `The turn is ${status}. Call wait_for_turn for its end ${ids}`
    default:
      return [`The turn is ${status} ${ids}`, ...(error ? [error.message] : []), ...texts].join('\n\n')
  }
}

/** How each kind of request is answered, for models that read it. */
const howTo: Readonly<Record<string, string>> = {
  tool: '`decision`: allow or deny',
  plan: '`decision`: allow or deny',
  question: '`decision`: allow, and `answers` by the text of each question; or deny',
  elicitation: '`decision`: allow, and `content` for a form; or deny',
  client_tool: '`result` of the tool, or `error`',
  hook: '`output` of the hook, or `error`',
}

function describeRequests({ sessionId, turnId }: Turn, open: readonly PermissionRequest[]): string {
  const lines = open.map(
    ({ permissionId, kind, toolName, title, input, elicitation }) =>
      `- request ${permissionId} (${kind}): ${title ?? toShownTool(toolName)} ${JSON.stringify(elicitation ?? input)}\n` +
      `  Answer it with ${howTo[kind] ?? '`decision`'}`,
  )
  return [
    'Claude waits. Call answer_request for each request, then wait_for_turn.',
    `Session ${sessionId}, turn ${turnId}`,
    ...lines,
  ].join('\n')
}

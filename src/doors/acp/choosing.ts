import {
  type AgentContext,
  type ClientCapabilities,
  methods,
  type PermissionOption,
  type RequestPermissionRequest,
} from '@agentclientprotocol/sdk'
import type { AnswerPermissionRequest, PermissionRequest } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { describeCall, textContent } from './tool-calls.ts'

/** The client, as far as requests to the person go. */
export interface Asked {
  client: AgentContext
  capabilities: ClientCapabilities
}

/** The answer; `cancelled`: the person has cancelled the turn instead. */
export type Outcome = AnswerPermissionRequest | 'cancelled'

/**
 * Lets the person choose an option.
 *
 * @param shown replaces how the call is shown
 * @returns its id; `cancelled`; `reject` for any other answer
 */
export async function select(
  { client }: Asked,
  { sessionId, permissionId, toolUseId, toolName, input }: PermissionRequest,
  options: PermissionOption[],
  signal: AbortSignal,
  shown: { title?: string; text?: string } = {},
): Promise<string> {
  const view = describeCall(toolName, input)
  const params: RequestPermissionRequest = {
    sessionId,
    toolCall: {
      toolCallId: toolUseId ?? permissionId,
      name: toShownTool(toolName),
      ...view,
      ...(shown.title !== undefined && { title: shown.title }),
      ...(shown.text !== undefined && { content: textContent(shown.text) }),
      status: 'pending',
      rawInput: input,
    },
    options,
  }
  // The library does not check what clients answer.
  const answer = (await client.request(methods.client.session.requestPermission, params, {
    cancellationSignal: signal,
    stopWaitingOnCancel: true,
  })) as { outcome?: { outcome?: unknown; optionId?: unknown } | null } | null
  const outcome = answer?.outcome
  if (outcome?.outcome === 'cancelled') return 'cancelled'
  return options.find(({ optionId }) => optionId === outcome?.optionId)?.optionId ?? 'reject'
}

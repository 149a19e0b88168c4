import type { McpServer, ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { sessionId, text, turnId } from './inputs.ts'
import type { Surroundings, TurnPosition } from './surroundings.ts'
import { addTool, type ToolResult, toResult } from './tool.ts'
import { turnOutput } from './turn-report.ts'
import { findPosition, toEndOfWait, waitForTurn } from './turn-waiting.ts'

const waitSeconds = z
  .number()
  .min(0)
  .max(86_400)
  .optional()
  .describe(
    'Seconds after which the call returns even if Claude works on; 0: at once; absent: with the end of the turn',
  )
/** How long the interrupt of a cancelled call may take. */
const interruptMs = 5_000

export function addTurnTools(server: McpServer, surroundings: Surroundings): void {
  const { client } = surroundings
  addTool(server, surroundings, 'prompt', {
    title: 'Send a prompt to Claude',
    description:
      'Sends a prompt to a session and returns the answer when Claude has finished. Returns earlier, with `status: "requires_action"` and `openRequests`, if Claude waits for answers that only answer_request can give. Cancelling the call interrupts Claude.',
    inputSchema: z.strictObject({
      sessionId,
      prompt: text.describe('The prompt'),
      waitSeconds,
      onBusy: z
        .enum(['queue', 'reject', 'interrupt', 'steer'])
        .optional()
        .describe('What happens if Claude works on another prompt: wait, fail, interrupt it, or add to it'),
      timeoutMs: z.int().min(0).optional().describe('Milliseconds after which the turn times out'),
    }),
    outputSchema: turnOutput,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    async run({ sessionId, prompt, waitSeconds, onBusy, timeoutMs }, context) {
      const call = { server, surroundings, context }
      const submit = async () => {
        // A call that is cancelled meanwhile has to know its turn.
        const options = { onBusy, timeout: timeoutMs }
        const { turnId } = await client.session(sessionId).submit(prompt, options)
        return { sessionId, turnId, after: 0, asked: [], until: toEndOfWait(waitSeconds) }
      }
      const position = findPosition(call, sessionId) ?? (await submit())
      return interruptingIfCancelled(surroundings, position, context, () => waitForTurn(call, position))
    },
  })
  addTool(server, surroundings, 'wait_for_turn', {
    title: 'Wait for a turn',
    description:
      'Waits for the end of a turn and returns it as `prompt` does; also after answer_request. Cancelling the call interrupts nothing.',
    inputSchema: z.strictObject({ sessionId, turnId, waitSeconds }),
    outputSchema: turnOutput,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    async run({ sessionId, turnId, waitSeconds }, context) {
      const call = { server, surroundings, context }
      const start = { sessionId, turnId, after: 0, asked: [], until: toEndOfWait(waitSeconds) }
      return waitForTurn(call, findPosition(call, sessionId) ?? start)
    },
  })
  addTool(server, surroundings, 'interrupt', {
    title: 'Interrupt Claude',
    description: 'Interrupts the running turn of a session, or the given turn. The session can be used on.',
    inputSchema: z.strictObject({ sessionId, turnId: turnId.optional() }),
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    async run({ sessionId, turnId }, { mcpReq }) {
      const which = turnId === undefined ? {} : { turnId }
      const response = await client.session(sessionId).interrupt(which, { signal: mcpReq.signal })
      const turns = [...response.interrupted, ...response.cancelled]
      return toResult(turns.length > 0 ? `Interrupted: ${turns.join(', ')}` : 'Nothing was running', {
        ...response,
      })
    },
  })
}

async function interruptingIfCancelled(
  { client, isCancelled }: Surroundings,
  { sessionId, turnId }: TurnPosition,
  { mcpReq: { signal } }: ServerContext,
  work: () => Promise<ToolResult>,
): Promise<ToolResult> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted && isCancelled(signal.reason)) {
      await client
        .session(sessionId)
        .interrupt({ turnId }, { retries: 1, timeoutMs: interruptMs })
        .catch(() => {})
    }
    throw error
  }
}

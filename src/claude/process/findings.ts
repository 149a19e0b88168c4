import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { OutputFormat } from '../../contract/output-format.ts'
import type { PermissionDenial } from '../../contract/turns.ts'
import type { AgentFailure } from '../../sessions/ports/index.ts'

/** Collects the denied tool calls of a turn; absent if there are none. */
export function toDenials(results: readonly SDKResultMessage[]): { permissionDenials?: PermissionDenial[] } {
  const denials = new Map(
    results
      .flatMap(result => result.permission_denials ?? [])
      .map(({ tool_name, tool_use_id, tool_input }) => [
        tool_use_id,
        { toolName: tool_name, toolUseId: tool_use_id, input: tool_input },
      ]),
  )
  return denials.size > 0 ? { permissionDenials: [...denials.values()] } : {}
}

/** Returns the structured output. Claude Code reports `success` even if the model answered with text only. */
export function toStructuredOutput(
  result: SDKResultMessage,
  format: OutputFormat | undefined,
): { structuredOutput?: unknown } | AgentFailure {
  if (!format) return {}
  const output = result.subtype === 'success' ? result.structured_output : undefined
  if (output === undefined || output === null) return noOutput('Claude did not return structured output')
  return { structuredOutput: output }
}

export const outputRetriesExhausted = noOutput(
  "Claude's answer did not match the schema of outputFormat, even after it was told what was wrong",
)

export function noOutput(message: string): AgentFailure {
  return { reason: 'structured_output_failed', message }
}

import type { ClientTool, ClientToolResult } from '../../contract/client-requests.ts'
import { schemaChecks, TooManySchemaChecks } from '../../lib/schema-checks.ts'
import type { CallClientTool, ClientToolContent } from '../../sessions/ports/index.ts'
import { type AskPermission, titleOf } from './permission-callbacks.ts'

/**
 * Returns a function that has the caller answer a call of one of its tools.
 * @param findAgent the subagent that makes the call; null: the main conversation
 */
export function toClientCalls(
  ask: AskPermission,
  findAgent: (toolUseId: string | null) => string | null,
): CallClientTool {
  return async (tool, { input, toolUseId }, signal) => {
    const flaw = await findInputFlaw(tool, input)
    if (flaw !== undefined) return { content: toBlocks(flaw), isError: true }
    const { allow, message, result } = await ask(
      {
        kind: 'client_tool',
        toolName: tool.name,
        toolUseId,
        agentId: findAgent(toolUseId),
        input,
        title: titleOf('client_tool', tool.name),
        description: null,
        suggestions: [],
        elicitation: null,
      },
      signal,
    )
    if (allow && result !== undefined) return { content: toBlocks(result), isError: false }
    return { content: toBlocks(message ?? 'The tool gave no result'), isError: true }
  }
}

function toBlocks(result: ClientToolResult): ClientToolContent[] {
  return typeof result === 'string' ? [{ type: 'text', text: result }] : result
}

/** The input is the model's. A schema that cannot be used within its bounds is left to the caller. */
async function findInputFlaw({ inputSchema }: ClientTool, input: unknown): Promise<string | undefined> {
  if (!inputSchema) return undefined
  try {
    const verdict = await schemaChecks.checkForm(inputSchema, input)
    if (verdict.kind !== 'flaw') return undefined
    const place = verdict.path.length > 0 ? verdict.path.join('.') : 'the input'
    return `Invalid input: ${place} ${verdict.message}`
  } catch (error) {
    if (error instanceof TooManySchemaChecks) return undefined
    throw error
  }
}

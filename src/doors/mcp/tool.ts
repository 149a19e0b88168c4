import type {
  CallToolResult,
  InputRequiredResult,
  McpServer,
  ServerContext,
  StandardSchemaWithJSON,
  ToolAnnotations,
} from '@modelcontextprotocol/server'
import type { z } from 'zod'
import { ApiError, ConnectionError } from '../../client/index.ts'
import type { Surroundings } from './surroundings.ts'

export type ToolResult = CallToolResult | InputRequiredResult

interface Tool<Input extends z.ZodType> {
  title: string
  description: string
  inputSchema: Input
  outputSchema?: z.ZodType
  annotations: ToolAnnotations
  run(input: z.output<Input>, context: ServerContext): Promise<ToolResult>
}

/** Adds a tool whose errors tell the client what the API says, and nothing of the inside. */
export function addTool<Input extends z.ZodType>(
  server: McpServer,
  { logFault }: Surroundings,
  name: string,
  { run, ...config }: Tool<Input>,
): void {
  const answer = async (input: z.output<Input>, context: ServerContext) => {
    try {
      return await run(input, context)
    } catch (error) {
      if (context.mcpReq.signal.aborted) return toError('The call was cancelled')
      return toToolError(error, logFault)
    }
  }
  server.registerTool<StandardSchemaWithJSON, StandardSchemaWithJSON>(
    name,
    config as typeof config & { inputSchema: StandardSchemaWithJSON; outputSchema: StandardSchemaWithJSON },
    answer as (input: unknown, context: ServerContext) => Promise<ToolResult>,
  )
}

export function toToolError(error: unknown, logFault: (error: unknown) => void): CallToolResult {
  return toError(describe(error, logFault))
}

/** A text for the client about an error. */
export function describe(error: unknown, logFault: (error: unknown) => void): string {
  if (error instanceof ApiError) {
    const again =
      error.retryAfterMs === undefined ? '' : ` (try again in ${Math.ceil(error.retryAfterMs / 1000)} s)`
    return `${error.code}: ${error.message}${again}`
  }
  if (error instanceof ConnectionError) return 'The server cannot be reached, or has ended the connection'
  logFault(error)
  return 'Unexpected error'
}

export function toError(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] }
}

/** The text of a page, with its cursor for models that see nothing else. */
export function toPageText(entries: readonly string[], nothing: string, nextCursor: string | null): string {
  if (nextCursor === null) return entries.join('\n') || nothing
  return [...entries, `[more follows: call again with the cursor ${nextCursor}]`].join('\n')
}

export function toResult(text: string, structuredContent?: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text }], ...(structuredContent && { structuredContent }) }
}

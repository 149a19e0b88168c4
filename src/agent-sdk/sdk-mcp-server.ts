import type {
  AnyZodRawShape,
  createSdkMcpServer as createOfSdk,
  McpSdkServerConfigWithInstance,
  SdkMcpToolDefinition,
  tool as toolOfSdk,
} from '@anthropic-ai/claude-agent-sdk'
import { z } from 'zod'
import { NotSupportedError } from './errors.ts'

/** The result of a tool, as MCP has it. */
export type ToolResult = Awaited<ReturnType<SdkMcpToolDefinition['handler']>>

/** A tool that this program answers. */
export interface OfferedTool {
  name: string
  description?: string | undefined
  inputSchema: Record<string, unknown>
  readOnly: boolean
}

/** An MCP server inside this program. */
export interface ToolServer {
  readonly instructions?: string | undefined
  list(): Promise<readonly OfferedTool[]>
  call(name: string, input: Record<string, unknown>, signal: AbortSignal): Promise<ToolResult>
}

type Definition = SdkMcpToolDefinition<AnyZodRawShape>

export const tool: typeof toolOfSdk = (name, description, inputSchema, handler, extras) => ({
  name,
  description,
  inputSchema,
  handler,
  ...(extras?.annotations && { annotations: extras.annotations }),
})

export const createSdkMcpServer: typeof createOfSdk = ({ name, tools = [], instructions, timeout }) => {
  const instance = new SdkMcpServer(tools, instructions)
  // Programs pass the instance on and do not look into it.
  const config = { type: 'sdk', name, instance } as unknown as McpSdkServerConfigWithInstance
  return { ...config, ...(timeout !== undefined && { timeout }) }
}

/** The server that `createSdkMcpServer` returns: its tools are functions of this program. */
export class SdkMcpServer implements ToolServer {
  readonly instructions: string | undefined
  readonly #tools: ReadonlyMap<string, Definition & { schema: z.ZodType<Record<string, unknown>> }>

  constructor(tools: readonly Definition[], instructions: string | undefined) {
    this.instructions = instructions
    this.#tools = new Map(tools.map(one => [one.name, { ...one, schema: toSchema(one) }]))
  }

  async list(): Promise<OfferedTool[]> {
    return [...this.#tools.values()].map(({ name, description, annotations, schema }) => ({
      name,
      description,
      inputSchema: toJsonSchema(name, schema),
      readOnly: annotations?.readOnlyHint ?? false,
    }))
  }

  async call(name: string, input: Record<string, unknown>, signal: AbortSignal): Promise<ToolResult> {
    const found = this.#tools.get(name)
    if (!found) throw new Error(`Tool ${name} not found`)
    const parsed = await found.schema.safeParseAsync(input)
    if (!parsed.success) {
      throw new Error(`Input validation error: Invalid arguments for tool ${name}: ${parsed.error.message}`)
    }
    return found.handler(parsed.data as never, { signal })
  }
}

function toSchema({ name, inputSchema }: Definition): z.ZodType<Record<string, unknown>> {
  // A whole object instead of its shape, which the types of the SDK do not have.
  const whole: unknown = inputSchema
  if (whole instanceof z.ZodObject) return whole
  const foreign = Object.entries(inputSchema).find(([, type]) => !('_zod' in (type as object)))
  if (foreign) {
    throw new NotSupportedError(
      `The schema of ${foreign[0]} of the tool ${name}`,
      'it is not a type of zod 4',
    )
  }
  return z.object(inputSchema as z.ZodRawShape)
}

function toJsonSchema(name: string, schema: z.ZodType): Record<string, unknown> {
  try {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
    return rest
  } catch (error) {
    throw new Error(`The input schema of the tool ${name} has no form as JSON Schema`, { cause: error })
  }
}

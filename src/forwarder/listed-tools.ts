/** Longer responses are not read; their tools stay unknown. */
const maxListLength = 1024 * 1024

/** The tools of an MCP server, read from its responses as they pass through. */
export class ListedTools {
  /** null: unknown. */
  offered: number | null = null
  /** The first invalid tool, because of which Claude Code drops the whole list. */
  invalid: string | null = null
  /** Whether a response with tools is pending. */
  isAsked = false
  #continues = false

  /** @param body a request of Claude Code */
  observeRequest(body: Buffer | undefined): void {
    if (!body?.includes('"tools/list"')) return
    const { method, params } = parse(body.toString()) as { method?: unknown; params?: { cursor?: unknown } }
    if (method !== 'tools/list') return
    this.isAsked = true
    this.#continues = params?.cursor !== undefined
  }

  /** @param text a message of the server */
  observeAnswer(text: string): void {
    if (!this.isAsked || text.length > maxListLength || !text.includes('"tools"')) return
    const tools = (parse(text) as { result?: { tools?: unknown } }).result?.tools
    if (!Array.isArray(tools)) return
    this.isAsked = false
    this.offered = tools.length + (this.#continues ? (this.offered ?? 0) : 0)
    const invalid = tools.findIndex(tool => !isValid(tool))
    if (!this.#continues) this.invalid = null
    if (invalid >= 0) this.invalid ??= nameOf(tools[invalid]) ?? `number ${invalid + 1}`
  }
}

/** Whether a tool is valid in the Model Context Protocol: it has a name and a JSON Schema of an object. */
function isValid(tool: unknown): boolean {
  if (!isRecord(tool) || typeof tool.name !== 'string' || !isRecord(tool.inputSchema)) return false
  const { type, properties, required } = tool.inputSchema
  if (type !== 'object') return false
  if (properties !== undefined && !isRecord(properties)) return false
  return required === undefined || Array.isArray(required)
}

function nameOf(tool: unknown): string | undefined {
  return isRecord(tool) && typeof tool.name === 'string' ? tool.name : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

/** The tools that run where the request comes from, or inside the model's service without a way out. */
const innerTools =
  /^(custom|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+|advisor_\d+|tool_search_tool_\w+)$/

type Json = Readonly<Record<string, unknown>>

/**
 * Finds the part of a request to the model by which the model's service would connect to other hosts: tools that it
 * runs itself, MCP servers, and files by their URL. The text must be written as `JSON.stringify` does, as Claude Code
 * writes it: so no other reader can understand anything else by it, such as the first of two equal keys.
 *
 * @returns the reason to refuse it; undefined: there is none
 */
export function findOutsideAccess(text: string): string | undefined {
  const body = parse(text)
  if (!isObject(body)) return 'the body is not JSON as JSON.stringify writes it'
  const { tools = [], mcp_servers: servers = [], messages = [], system = [] } = body
  if (!isEmpty(servers)) return "mcp_servers are reached by the model's service"
  for (const tool of Array.isArray(tools) ? tools : [tools]) {
    if (!isObject(tool)) return 'tools must be objects'
    const { type = 'custom' } = tool
    if (typeof type !== 'string' || !innerTools.test(type))
      return `the tool ${JSON.stringify(type)} is run by the model's service`
  }
  return findUrl(system) ?? findUrl(messages)
}

/** Looks through messages and blocks; the input of a tool is plain data. */
function findUrl(value: unknown): string | undefined {
  const pending = [value]
  while (pending.length > 0) {
    const item = pending.pop()
    if (Array.isArray(item)) for (const part of item) pending.push(part)
    if (!isObject(item)) continue
    const { source, content } = item
    if (isObject(source) && source.type === 'url') return "the URL of a file is read by the model's service"
    pending.push(source, content)
  }
  return undefined
}

function parse(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text)
    return JSON.stringify(body) === text ? body : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

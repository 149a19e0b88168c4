/** A call's input as fields that may be read: a model writes it, so nothing in it is certain. */
export type InputFields = Readonly<Record<string, unknown>>

export function toFields(input: unknown): InputFields {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as InputFields) : {}
}

/** @returns the field if it is a text */
export function textOf(fields: InputFields, ...names: string[]): string | null {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === 'string') return value
  }
  return null
}

export function listOf(fields: InputFields, name: string): readonly InputFields[] {
  const value = fields[name]
  return Array.isArray(value) ? value.map(toFields) : []
}

export interface McpName {
  server: string
  tool: string
}

/** @returns null: the tool is not one of an MCP server */
export function readMcpName(name: string): McpName | null {
  const [, server, tool] = /^mcp__(.+?)__(.+)$/s.exec(name) ?? []
  return server === undefined || tool === undefined ? null : { server, tool }
}

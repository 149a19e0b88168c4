/** Claude's names of the tools that the caller answers begin with this; see `clientTools` in the contract. */
const prefix = 'mcp__client__'

/** A server and a tool as they appear in names. */
function plain(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_')
}

/** Claude's name of a tool of an SDK MCP server, as programs know it. */
export function toSdkName(server: string, tool: string): string {
  return `mcp__${plain(server)}__${plain(tool)}`
}

/** The name under which the tool is declared to the server, which has one list for all SDK MCP servers. */
export function toDeclaredName(server: string, tool: string): string {
  return `${plain(server)}__${plain(tool)}`
}

/**
 * Translates the names of tools of SDK MCP servers, such as `mcp__calc__add`, which Claude calls
 * `mcp__client__calc__add` on a server.
 */
export class ToolNames {
  readonly #servers: readonly string[]

  constructor(servers: Iterable<string>) {
    this.#servers = [...servers].map(server => `mcp__${plain(server)}`)
  }

  get areAllTheSame(): boolean {
    return this.#servers.length === 0
  }

  /** Whether it is a tool of an SDK MCP server, a rule about such tools, or such a server. */
  isOurs(rule: string): boolean {
    return this.#servers.some(server => rule === server || rule.startsWith(`${server}__`))
  }

  /** Whether a list of rules such as `allowedTools` has the tool, its server or a pattern for it. */
  isNamed(name: string, rules: readonly string[]): boolean {
    const server = this.#servers.find(prefixOf => name.startsWith(`${prefixOf}__`))
    return rules.some(
      rule => rule === name || rule === server || (rule.endsWith('*') && name.startsWith(rule.slice(0, -1))),
    )
  }

  /** The name on the server. */
  toServer(name: string): string {
    return this.isOurs(name) ? `${prefix}${name.slice('mcp__'.length)}` : name
  }

  /** The name in the program. */
  toProgram(name: string): string {
    if (!name.startsWith(prefix)) return name
    const own = `mcp__${name.slice(prefix.length)}`
    return this.isOurs(own) ? own : name
  }

  /** A copy in which each text that is such a name is the program's. */
  translate<T>(value: T): T {
    if (this.areAllTheSame) return value
    if (typeof value === 'string') return this.toProgram(value) as T
    if (Array.isArray(value)) return value.map(item => this.translate(item)) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.translate(item)])) as T
  }
}

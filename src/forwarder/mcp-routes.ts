import type { IncomingMessage, ServerResponse } from 'node:http'
import type { McpServers } from '../contract/mcp-servers.ts'
import type { Log } from '../lib/log.ts'
import type { ForwardingContext, McpForwarding } from '../sessions/ports/index.ts'
import type { AddressRefused, Connector } from './connector.ts'
import { McpRoute } from './mcp-route.ts'
import { makeToken } from './tokens.ts'
import { ToolRoute } from './tool-route.ts'

/** The longest timeout of a tool call that Claude Code can hold: the largest of a timer. */
const longestMs = 2 ** 31 - 1

/** The routes to MCP servers of one HTTP server, each under an unguessable path. */
export class McpRoutes {
  readonly #log: Pick<Log, 'warn'>
  readonly #routes = new Map<string, McpRoute | ToolRoute>()

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log
  }

  /**
   * Opens the routes of one process.
   * @param address `host:port` of the HTTP server, as the process sees it
   * @param connector the way to the servers
   */
  open(address: string, connector: Connector, context: ForwardingContext): McpForwarding {
    const routes = new Map<string, { token: string; route: McpRoute }>()
    const toolRoutes = new Map<string, { token: string; route: ToolRoute }>()
    const current = new Map<string, McpRoute>()
    const forwardOne = (name: string, server: McpServers[string]): McpServers[string] => {
      if (server.type === 'stdio') return server
      const key = JSON.stringify([name, server])
      let known = routes.get(key)
      if (!known) {
        const token = makeToken()
        const onRefused = (error: AddressRefused) =>
          this.#log.warn(
            { ...context, setting: `mcpServers.${name}.url`, reason: error.message },
            'address refused',
          )
        known = { token, route: new McpRoute(server, `/${token}`, connector, onRefused) }
        routes.set(key, known)
        this.#routes.set(token, known.route)
      }
      current.set(name, known.route)
      const { headers: _headers, ...rest } = server
      return { ...rest, url: `http://${address}/${known.token}` }
    }
    return {
      serveTools: (tools, call) => {
        const key = JSON.stringify(tools)
        let known = toolRoutes.get(key)
        if (!known) {
          known = { token: makeToken(), route: new ToolRoute(tools, call) }
          toolRoutes.set(key, known)
          this.#routes.set(known.token, known.route)
        }
        return { type: 'http', url: `http://${address}/${known.token}`, alwaysLoad: true, timeout: longestMs }
      },
      forward: servers =>
        Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, forwardOne(name, server)])),
      find: name => current.get(name)?.traffic,
      close: () => {
        for (const { token, route } of [...routes.values(), ...toolRoutes.values()]) {
          this.#routes.delete(token)
          route.close()
        }
      },
    }
  }

  /** Serves a request if its path is that of a route; otherwise it is 404. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token = '', path = ''] = /^\/([\w-]+)((?:\/\w+)?)$/.exec(request.url ?? '') ?? []
    const route = this.#routes.get(token)
    if (route) await route.serve(path, request, response)
    else response.writeHead(404).end()
  }

  close(): void {
    for (const route of this.#routes.values()) route.close()
  }
}

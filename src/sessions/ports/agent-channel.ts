import type { Server } from 'node:net'
import type { ForwardingContext, McpForwarding } from './forwarder.ts'

/** Opens the way out of the boxes in which Claude Code runs. Implemented by `src/forwarder/`. */
export interface AgentChannels {
  /**
   * Opens the channel of one process.
   * @param own the variables that the session sets; they take precedence over the server's
   */
  openChannel(own: Readonly<Record<string, string>>, context: ForwardingContext): AgentChannel
}

/** Everything that one box can reach: the model's API, the MCP servers of its session, and hosts that are allowed. */
export interface AgentChannel {
  /** `host:port` inside the box. */
  readonly address: string
  /**
   * Returns the environment for the inside of the box, where a token takes the place of the credentials.
   * @param environment the whole environment of the process, with the variables that the session sets
   */
  inside(environment: Readonly<Record<string, string>>): Record<string, string>
  /** Opens the routes to the MCP servers of the process. */
  openMcp(context: ForwardingContext): McpForwarding
  /** Serves the connections of a listening socket, which belongs to the channel from now on. It replaces an earlier one. */
  serve(listener: Server): void
  /** Ends all connections. Idempotent. */
  close(): void
}

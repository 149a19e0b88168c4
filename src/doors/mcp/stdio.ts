import { SdkError } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { ClaudeCodeClient } from '../../client/index.ts'
import { createServer } from './server.ts'

/** Speaks MCP on standard input and output until the input ends. Turns that still run then are left running. */
export function serveOnStdio(client: ClaudeCodeClient, logFault: (error: unknown) => void): void {
  const isCancelled = (reason: unknown) => !(reason instanceof SdkError)
  serveStdio(() => createServer({ client, logFault, isCancelled }), { onerror: logFault })
}

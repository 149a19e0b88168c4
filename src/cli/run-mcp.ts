import { serveOnStdio } from '../doors/mcp/stdio.ts'
import { type ClientFlags, createClient } from './client-flags.ts'

/** Serves MCP to the program that has started this one. Standard output belongs to the protocol. */
export async function runMcp(flags: ClientFlags): Promise<void> {
  const client = createClient(flags)
  // A wrong key or address is reported now, not by the first tool.
  await client.call('getCaller')
  serveOnStdio(client, error => {
    const text = error instanceof Error ? error.message : String(error)
    process.stderr.write(`claude-code-api: ${text}\n`)
  })
}

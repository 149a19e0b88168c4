import { serveOnStdio } from '../doors/mcp/stdio.ts'
import { type ClientFlags, createClient } from './client-flags.ts'
import { writeFault } from './report-faults.ts'

/** Serves MCP to the program that has started this one. */
export async function runMcp(flags: ClientFlags): Promise<void> {
  const client = createClient(flags)
  // A wrong key or address is reported now, not by the first tool.
  await client.call('getCaller')
  serveOnStdio(client, writeFault)
}

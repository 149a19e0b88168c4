import type { SessionDefaults } from '../doors/acp/new-session.ts'
import { serveStdio } from '../doors/acp/stdio.ts'
import { type ClientFlags, createClient } from './client-flags.ts'
import { writeFault } from './report-faults.ts'

export interface AcpFlags extends ClientFlags, Omit<SessionDefaults, 'workspace'> {
  emptyWorkspace?: boolean
}

/** Speaks the Agent Client Protocol over standard input and output, as editors start agents. */
export async function runAcp({
  preset,
  cwd,
  emptyWorkspace,
  clientMethods,
  ...flags
}: AcpFlags): Promise<void> {
  const api = createClient(flags)
  // A wrong key or address is reported now, not by the first session.
  await api.call('getCaller')
  await serveStdio(
    { input: process.stdin, output: process.stdout },
    {
      api,
      defaults: { preset, cwd, workspace: emptyWorkspace ? 'empty' : undefined, clientMethods },
      logFault: writeFault,
    },
  )
}

import type { ChildProcess } from 'node:child_process'
import { Server } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The first program in the box; `.ts` in the source tree, `.js` in the package. */
export const boxEntry = fileURLToPath(new URL(`./box-entry${extname(import.meta.url)}`, import.meta.url))

/** Options of Node for the entry program, which is one file that imports only Node. */
const nodeOptions = [
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
]

/**
 * Builds the command that runs another command behind a port of the server. It must be spawned with an IPC channel and
 * without environment variables; see `handOver`.
 */
export function toEntryCommand(
  { node, entry }: { node: string; entry: string },
  port: string,
  command: string,
  args: readonly string[],
): string[] {
  return [node, ...nodeOptions, entry, port, '--', command, ...args]
}

/**
 * Takes the listening socket from the entry program and gives it the environment in which it starts its command. The
 * channel to the program is closed before the command starts.
 *
 * @param serve takes the socket; the connections are those from inside the box
 */
export function handOver(
  child: ChildProcess,
  environment: Readonly<Record<string, string>>,
  serve: (listener: Server) => void,
): void {
  child.once('message', (_message, listener) => {
    if (!(listener instanceof Server)) return
    serve(listener)
    // If the program has ended by now, its exit reports that.
    child.send({ environment }, () => {})
  })
}

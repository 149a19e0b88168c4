// The first program in the box. It opens the port through which everything in the box reaches the server, hands the
// listening socket to the server, and becomes Claude Code. So the server accepts the connections itself, and no process
// of ours stays in the box, where the agent could replace it.
//
// Arguments: PORT -- COMMAND ARGUMENTS...
// The environment for the command comes from the server, because anything in this program's own environment could
// change how Node runs it.
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'

const [port, , command = '', ...args] = process.argv.slice(2)

process.once('message', ({ environment }: { environment: Record<string, string> }) => {
  process.off('disconnect', leave)
  process.once('disconnect', () => become(environment))
  process.disconnect()
})
process.on('disconnect', leave)

const listener = createServer()
listener.listen(Number(port), '127.0.0.1', () => process.send?.({ ready: true }, listener))

/** Ends the program, because the server has ended. */
function leave(): void {
  listener.close()
}

function become(environment: Record<string, string>): void {
  try {
    // A failed `execve` aborts Node with a core dump.
    accessSync(command, constants.X_OK)
  } catch {
    process.stderr.write(`${command} cannot be run inside the box\n`)
    process.exitCode = 127
    leave()
    return
  }
  process.execve?.(command, [command, ...args], environment)
}

import { isExpectedFault } from '../app/expected-fault.ts'
import { ApiError, ConnectionError } from '../client/index.ts'
import { ServiceError } from '../contract/errors.ts'
import { toPlainName } from '../lib/plain-name.ts'

/** Exit codes of commands that have failed; see docs/guides/command-line.md. */
export const exitCodes = { failure: 1, usage: 2, unreachable: 3 } as const

/** Runs a command. A fault that its user can fix is reported in one line, with the exit code that tells its kind. */
export async function reportingFaults(work: () => Promise<void>): Promise<void> {
  process.stdout.once('error', ignoreClosedPipe)
  try {
    await work()
  } catch (error) {
    const { text, code } = describe(error)
    writeLine(text)
    process.exitCode = code
  }
}

/** Reports a fault of a command that continues. Its standard output can belong to a protocol. */
export function writeFault(error: unknown): void {
  writeLine(error instanceof Error ? error.message : String(error))
}

function writeLine(text: string): void {
  process.stderr.write(`claude-code-api: ${toPlainName(text)}\n`)
}

/** @throws the error if it is a bug */
function describe(error: unknown): { text: string; code: number } {
  if (isExpectedFault(error)) return { text: error.message, code: exitCodes.failure }
  if (error instanceof ConnectionError) {
    return { text: `the server cannot be reached: ${error.message}`, code: exitCodes.unreachable }
  }
  if (error instanceof ServiceError) {
    const isUsage = error.code === 'INVALID_REQUEST'
    return { text: error.message, code: isUsage ? exitCodes.usage : exitCodes.failure }
  }
  if (!(error instanceof ApiError)) throw error
  const isUsage = error.code === 'INVALID_REQUEST'
  const hint = error.code === 'MISSING_API_KEY' ? '; set CLAUDE_API_KEY or pass --key-file' : ''
  return {
    text: `${error.message} (${error.code})${hint}`,
    code: isUsage ? exitCodes.usage : exitCodes.failure,
  }
}

/** The reader of the output may leave early, as `head` does. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}

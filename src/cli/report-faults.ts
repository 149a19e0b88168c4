import { isExpectedFault } from '../app/expected-fault.ts'

/** Runs a command. A fault that the owner can fix is reported in one line, with exit code 1. */
export async function reportingFaults(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isExpectedFault(error)) throw error
    process.stderr.write(`claude-code-api: ${error.message}\n`)
    process.exitCode = 1
  }
}

import { format } from 'node:util'
import { writeFault } from './report-faults.ts'

/**
 * Has what libraries print, which can repeat the words of a client, become one line each, so that no client can
 * write lines that look like those of the log.
 */
export function guardConsole(): void {
  for (const level of ['debug', 'error', 'info', 'log', 'warn'] as const) {
    console[level] = (...values: unknown[]) => writeFault(format(...values))
  }
}

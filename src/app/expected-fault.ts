import { ConfigError } from '../lib/config-error.ts'
import { StoreOpenError } from '../store/store-open-error.ts'

const listenCodes = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND']

/** Whether the error's message tells the server's owner what to fix, so that no stack trace is needed. */
export function isExpectedFault(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof StoreOpenError) return true
  return error instanceof Error && listenCodes.includes((error as NodeJS.ErrnoException).code ?? '')
}

import { ConfigError } from '../lib/config-error.ts'
import { StoreOpenError } from '../store/store-open-error.ts'

const listenCodes = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND']

/** Whether the message tells the owner of the server what to mend, so that a stack would only be in the way. */
export function isExpectedFault(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof StoreOpenError) return true
  return error instanceof Error && listenCodes.includes((error as NodeJS.ErrnoException).code ?? '')
}

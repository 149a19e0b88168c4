import { ConfigError } from '../lib/config-error.ts'
import { StoreOpenError } from '../store/store-open-error.ts'
import { BackupError } from '../workspace/backup/backup-error.ts'
import { ListenError } from './listen-error.ts'

/** Whether the error's message tells the server's owner what to fix, so that no stack trace is needed. */
export function isExpectedFault(error: unknown): error is Error {
  return [ConfigError, StoreOpenError, BackupError, ListenError].some(kind => error instanceof kind)
}

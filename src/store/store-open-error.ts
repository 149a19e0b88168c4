export type StoreOpenReason = 'newer' | 'locked' | 'corrupt' | 'unreadable' | 'unmigrated' | 'empty'

/** The database could not be opened; the message names the file and says what is wrong with it. */
export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError'
  readonly reason: StoreOpenReason
  readonly file: string

  constructor(reason: StoreOpenReason, file: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.file = file
  }
}

/** Gives what went wrong on the way to an open database its reason; an error that has one is returned as it is. */
export function toStoreOpenError(error: unknown, file: string): StoreOpenError {
  if (error instanceof StoreOpenError) return error
  const text = error instanceof Error ? error.message : String(error)
  switch (sqliteResultCode(error)) {
    case sqliteBusy:
      return new StoreOpenError('locked', file, `The database ${file} is in use by another program`, {
        cause: error,
      })
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return new StoreOpenError(
        'corrupt',
        file,
        `The file ${file} is damaged or not a database (${text}). Put back a copy of it, or move it away to start empty`,
        { cause: error },
      )
    default:
      return new StoreOpenError(
        'unreadable',
        file,
        `The database ${file} cannot be read and written (${text}). Check that its directory exists, has space and belongs to this user`,
        { cause: error },
      )
  }
}

const sqliteBusy = 5
const sqliteCorrupt = 11
const sqliteNotADatabase = 26

/** SQLite's primary result code (https://sqlite.org/rescode.html); undefined for any other error. */
export function sqliteResultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined
  return error.errcode & 0xff
}

/** The log, with the argument order of pino: fields, then message. */
export interface Log {
  /** Something unexpected that the server copes with. */
  warn(fields: object, message: string): void
  /** Something is lost or broken. */
  error(fields: object, message: string): void
}

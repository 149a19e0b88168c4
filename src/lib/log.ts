/** The log, with the argument order of pino: fields, then message. */
export interface Log {
  /** For unexpected events that the server can handle. */
  warn(fields: object, message: string): void
  /** For losses and failures. */
  error(fields: object, message: string): void
}

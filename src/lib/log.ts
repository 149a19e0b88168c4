/** Where what goes wrong is written down, the fields first, as pino has it. */
export interface Log {
  /** Somebody should know, and all goes on. */
  warn(fields: object, message: string): void
  /** Something was lost or is broken. */
  error(fields: object, message: string): void
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the current environment. This is the only reader of `process.env`. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

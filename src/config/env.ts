/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment as it is now; the only place where the process's own is looked at. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

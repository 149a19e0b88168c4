/**
 * The instructions of a session's directories as plain data: texts that Claude reads, and nothing that could run a
 * program or widen what is allowed.
 */
export interface Instructions {
  /** `CLAUDE.md` with its includes, and rules. Empty: none. */
  memory: string
  agents: Record<string, InstructedAgent>
  skills: InstructedSkill[]
}

export interface InstructedAgent {
  description: string
  prompt: string
  /** Absent: those of the session. */
  tools?: string[]
  disallowedTools?: string[]
}

/** A skill or a slash command. */
export interface InstructedSkill {
  /** `:` separates the directories of a command. */
  name: string
  description: string
  /** What the command takes, for people. */
  argumentHint?: string
  /** Whether only the user starts it, never Claude by itself. */
  userOnly: boolean
  disallowedTools?: string[]
  body: string
}

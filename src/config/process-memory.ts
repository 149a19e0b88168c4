import { ConfigError } from '../lib/config-error.ts'
import { readMemoryLimit } from '../lib/memory-limit.ts'
import type { Environment } from './env.ts'

const variable = 'CLAUDE_CODE_API_MAX_PROCESS_MEMORY_BYTES'
/** The share of memory for processes; the rest is for the server, its database and other programs. */
const defaultShare = 0.6

/**
 * Returns the memory that all Claude Code processes together may use, in bytes.
 *
 * @throws ConfigError if the variable is not a number of bytes
 */
export function resolveProcessMemory(given: number | undefined, env: Environment): number {
  if (given !== undefined) return given
  const text = env[variable]
  // An empty variable counts as unset.
  if (!text) return Math.floor(readMemoryLimit() * defaultShare)
  const bytes = /^\d+$/.test(text) ? Number(text) : 0
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  throw new ConfigError(variable, 'must be a number of bytes, such as 4294967296')
}

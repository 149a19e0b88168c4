import { chownSync } from 'node:fs'

/**
 * For a process of its own: makes it one to which permissions matter, in a directory that is its own. Root, which
 * may do everything, becomes somebody else; any number will do, nobody need have it.
 */
export function becomePlainUser(directory: string): void {
  if (process.getuid?.() !== 0) return
  chownSync(directory, 65_534, 65_534)
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { checkKey } from '../config/api-keys.ts'
import { ConfigError } from '../lib/config-error.ts'

/**
 * Reads an API key from the first line of a file.
 *
 * @throws ConfigError if other users can read it
 */
export function readKeyFile(file: string): string {
  const descriptor = open(file)
  try {
    const { mode, uid, size } = fstatSync(descriptor)
    const owners = [0, process.getuid?.() ?? 0]
    if (!owners.includes(uid)) throw new ConfigError('--key-file', `${file} belongs to another user`)
    if (mode & 0o077) {
      throw new ConfigError('--key-file', `${file} is open to other users; run: chmod 600 ${file}`)
    }
    if (size > 10_000) throw new ConfigError('--key-file', `${file} is too large for a key`)
    const [line = ''] = readFileSync(descriptor, 'utf8').split('\n')
    if (line.trim() === '') throw new ConfigError('--key-file', `${file} has no key in its first line`)
    return checkKey('--key-file', line.trim())
  } finally {
    closeSync(descriptor)
  }
}

/** Does not wait for a pipe that nothing writes to. */
function open(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new ConfigError('--key-file', `${file} cannot be read (${code})`, { cause: error })
  }
}

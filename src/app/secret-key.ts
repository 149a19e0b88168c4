import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../lib/config-error.ts'
import { parseSealingKey, sealingKeyBytes } from '../lib/sealed-text.ts'

const fileName = 'secret.key'

/**
 * Reads the keys in the data directory, one per line; creates the file at the first start. Without this file, the
 * secrets in the database cannot be read.
 *
 * @throws ConfigError when the file cannot be read or created, or has no valid key; an existing file is never replaced
 */
export async function ensureSecretKeys(dataDir: string): Promise<Buffer[]> {
  try {
    return await readOrMake(join(dataDir, fileName), dataDir)
  } catch (error) {
    throw new ConfigError('dataDir', `cannot be used: ${(error as Error).message}`, { cause: error })
  }
}

async function readOrMake(file: string, dataDir: string): Promise<Buffer[]> {
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (known !== undefined) return parseKeys(known, file)
  const key = randomBytes(sealingKeyBytes)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await writeFile(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  return [key]
}

function parseKeys(text: string, file: string): Buffer[] {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const keys = lines.map(parseSealingKey).filter(key => key !== undefined)
  if (keys.length > 0 && keys.length === lines.length) return keys
  throw new Error(`every line of ${file} must be a key of 32 bytes in hexadecimal or base64`)
}

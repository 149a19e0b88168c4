import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../lib/config-error.ts'

/** The file with the hash of the key that a server has made for itself. */
export function serverKeyFileIn(dataDir: string): string {
  return join(dataDir, 'server-key.json')
}

/**
 * Creates the API key of a server without a configured one at its first start. Only the hash is stored.
 *
 * @returns the hash, and the key itself if it was just created; it cannot be shown again later
 * @throws ConfigError when the directory cannot be written to
 */
export async function ensureServerKey(dataDir: string): Promise<{ hash: string; madeKey?: string }> {
  try {
    return await readOrMake(dataDir)
  } catch (error) {
    throw new ConfigError('dataDir', `cannot be used: ${(error as Error).message}`, { cause: error })
  }
}

async function readOrMake(dataDir: string): Promise<{ hash: string; madeKey?: string }> {
  const file = serverKeyFileIn(dataDir)
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (known !== undefined) return { hash: parseHash(known, file) }
  const madeKey = makeKey()
  const hash = createHash('sha256').update(madeKey).digest('hex')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const text = `${JSON.stringify({ hash, createdAt: new Date().toISOString() })}\n`
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
  return { hash, madeKey }
}

export function makeKey(): string {
  return `cca_${randomBytes(24).toString('base64url')}`
}

function parseHash(text: string, file: string): string {
  const { hash } = JSON.parse(text) as { hash?: unknown }
  if (typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)) return hash
  throw new Error(`${file} has no valid hash of a key; delete the file to create a new key`)
}

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16
export const sealingKeyBytes = 32

/** Seals and unseals texts with AES-256-GCM. */
export interface Sealer {
  /** @param context must be the same when the text is unsealed */
  seal(text: string, context: string): string
  /** @throws CannotUnseal if the key is unknown, or the text was changed */
  unseal(sealed: string, context: string): string
}

export class CannotUnseal extends Error {
  override readonly name = 'CannotUnseal'
}

/**
 * @param keys of 32 bytes each: the first one seals, all of them unseal
 */
export function createSealer(keys: readonly Uint8Array[]): Sealer {
  const known = new Map(keys.map(key => [idOf(key), key]))
  const [first] = keys
  if (!first || keys.some(key => key.byteLength !== sealingKeyBytes)) {
    throw new Error(`keys must have ${sealingKeyBytes} bytes`)
  }
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', first, nonce).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return [version, idOf(first), sealed.toString('base64url')].join('.')
    },
    unseal(sealed, context) {
      const [saidVersion, id, data] = sealed.split('.')
      const key = known.get(id ?? '')
      if (saidVersion !== version || !key || data === undefined) {
        throw new CannotUnseal('sealed with an unknown key')
      }
      const bytes = Buffer.from(data, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
        decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-tagBytes))
        const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new CannotUnseal('the sealed text was changed', { cause })
      }
    },
  }
}

/** Returns an id that distinguishes keys without revealing them. */
function idOf(key: Uint8Array): string {
  return createHash('sha256').update('sealed-text:').update(key).digest('hex').slice(0, 8)
}

/** Parses a key in hexadecimal or base64; undefined if it is not valid. */
export function parseSealingKey(text: string): Buffer | undefined {
  const written = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(written)) return Buffer.from(written, 'hex')
  if (!/^[\w+/-]{43}=?$/.test(written)) return undefined
  const key = Buffer.from(written, 'base64')
  return key.byteLength === sealingKeyBytes ? key : undefined
}

/** Whether a text was sealed with one of the keys. */
export function isSealedWith(sealed: string, keys: readonly Uint8Array[]): boolean {
  const [, id] = sealed.split('.')
  return keys.some(key => idOf(key) === id)
}

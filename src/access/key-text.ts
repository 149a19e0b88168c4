import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const idLength = 12
const secretLength = 40
const checksumLength = 6
const form = /^ccak_([0-9a-z]{12})_[0-9A-Za-z]{46}$/

/**
 * Makes a key: `ccak_`, its public id, and a secret of 238 bits with a checksum, so that scanners for secrets recognize
 * it by the form `ccak_[0-9a-z]{12}_[0-9A-Za-z]{46}` and can sort out what only looks like it.
 */
export function makeKeyText(id: string): string {
  const body = `ccak_${id}_${randomText(digits, secretLength)}`
  return body + checksumOf(body)
}

/** Makes the public id of a key, in lower case, because ids in paths are. */
export function makeKeyId(): string {
  return randomText(digits.slice(0, 36), idLength)
}

/** The public id of a text that has the form and the checksum of a key; undefined: it is not one. */
export function readKeyId(text: string): string | undefined {
  const [, id] = form.exec(text) ?? []
  const body = text.slice(0, -checksumLength)
  return id !== undefined && checksumOf(body) === text.slice(-checksumLength) ? id : undefined
}

/** The beginning of a key, which may be shown. */
export function toKeyPrefix(id: string): string {
  return `ccak_${id}`
}

export function hashKeyText(text: string): string {
  return hash('sha256', text, 'hex')
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

function checksumOf(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let index = 0; index < checksumLength; index++) {
    text = `${digits[rest % 62]}${text}`
    rest = Math.floor(rest / 62)
  }
  return text
}

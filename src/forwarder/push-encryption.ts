import { createCipheriv, createECDH, createPrivateKey, hkdfSync, randomBytes, sign } from 'node:crypto'
import type { PushKeys, PushTarget } from '../sessions/ports/index.ts'

const curve = 'prime256v1'
/** The only record's size: push services accept 4096 bytes. */
const recordBytes = 4096
/** Push services refuse signatures that are valid for more than a day. */
const signatureMs = 12 * 60 * 60 * 1000

/** Makes a key pair for signatures: RFC 8292. */
export function makePushKeys(): PushKeys {
  const pair = createECDH(curve)
  const publicKey = pair.generateKeys('base64url')
  // Without the zeros at its beginning, which JWK needs.
  const privateKey = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32)
  return { publicKey, privateKey: privateKey.toString('base64url') }
}

/**
 * Encrypts a message for one browser: RFC 8291, as one record of `aes128gcm` (RFC 8188).
 *
 * @param made left out: a new key pair and a random salt; the same ones must never be used again
 */
export function encryptPush(
  text: string,
  { p256dh, auth }: PushTarget,
  made = { pair: newPair(), salt: randomBytes(16) },
): Buffer {
  const { pair, salt } = made
  const [receiver, sender] = [Buffer.from(p256dh, 'base64url'), pair.getPublicKey()]
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), receiver, sender])
  const secret = derive(pair.computeSecret(receiver), Buffer.from(auth, 'base64url'), info, 32)
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const header = Buffer.concat([salt, Buffer.alloc(4), Buffer.of(sender.length), sender])
  header.writeUInt32BE(recordBytes, salt.length)
  // 2 marks the last record; 16 bytes are the tag.
  const plain = Buffer.concat([Buffer.from(text), Buffer.of(2)])
  if (header.length + plain.length + 16 > recordBytes) throw new Error('the push message is too long')
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** The header `Authorization` by which a push service recognizes this server: RFC 8292. */
export function signPush(origin: string, contact: string, keys: PushKeys, now = Date.now()): string {
  const head = { typ: 'JWT', alg: 'ES256' }
  const claims = { aud: origin, exp: Math.floor((now + signatureMs) / 1000), sub: contact }
  const content = [head, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const key = { key: toPrivateKey(keys), dsaEncoding: 'ieee-p1363' as const }
  const signature = sign('sha256', Buffer.from(content), key).toString('base64url')
  return `vapid t=${content}.${signature}, k=${keys.publicKey}`
}

function newPair() {
  const pair = createECDH(curve)
  pair.generateKeys()
  return pair
}

function derive(secret: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length))
}

function toPrivateKey({ publicKey, privateKey: d }: PushKeys) {
  const point = Buffer.from(publicKey, 'base64url')
  const x = point.toString('base64url', 1, 33)
  const y = point.toString('base64url', 33)
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y, d } })
}

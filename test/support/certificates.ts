import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MadeCertificate {
  cert: string
  key: string
}

export interface CertificateWishes {
  /** A host name that it is for. */
  name?: string
  validFrom?: Date
  validTo?: Date
}

const dayMs = 24 * 60 * 60 * 1000

/** Makes a certificate that signs itself, with a new key, for 127.0.0.1 and a name. Node alone can only read them. */
export function makeCertificate({
  name = 'localhost',
  validFrom = new Date(Date.now() - dayMs),
  validTo = new Date(Date.now() + 90 * dayMs),
}: CertificateWishes = {}): MadeCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = sequence(oid('2a8648ce3d040302'))
  const subject = sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))))
  const names = sequence(tlv(0x82, Buffer.from(name)), tlv(0x87, Buffer.from([127, 0, 0, 1])))
  const content = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    subject,
    sequence(time(validFrom), time(validTo)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(sequence(oid('551d11'), tlv(0x04, names)))),
  )
  return {
    cert: toPem(sequence(content, algorithm, signature(content, privateKey))),
    key: toText(privateKey),
  }
}

/** Writes both files, the way that tools which renew certificates do: one after the other. */
export function writeCertificate(directory: string, { cert, key }: MadeCertificate) {
  const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
  writeFileSync(files.certFile, cert)
  writeFileSync(files.keyFile, key, { mode: 0o600 })
  return files
}

function signature(content: Buffer, key: KeyObject): Buffer {
  return tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, key)]))
}

function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`))
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

/** Type, length, value: DER. */
function tlv(type: number, value: Buffer): Buffer {
  const { length } = value
  const bytes =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256]
  return Buffer.concat([Buffer.from([type, ...bytes]), value])
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function toText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

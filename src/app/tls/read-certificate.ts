import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ConfigError } from '../../lib/config-error.ts'

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, followed by the intermediate ones. */
  certFile: string
  keyFile: string
}

/** A certificate and its key, as they were read from their files. */
export interface ReadCertificate {
  cert: Buffer
  key: Buffer
  /** The names that clients can use, as in `DNS:api.example.com`. */
  names: string
  /** Both in the time of `Date.now()`. */
  validFrom: number
  validTo: number
}

/** TLS 1.2 only with forward secrecy and authenticated encryption; TLS 1.3 has nothing else. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

export const protocolOptions = { minVersion: 'TLSv1.2', ciphers } as const

/**
 * Reads both files and checks that a server can use them.
 *
 * @throws ConfigError that names the option and the file
 */
export function readCertificate({ certFile, keyFile }: TlsFiles): ReadCertificate {
  const cert = read('tls.certFile', certFile)
  const key = read('tls.keyFile', keyFile)
  const certificate = parseCertificate(cert, certFile)
  if (!certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw new ConfigError('tls.keyFile', `${keyFile} does not belong to the certificate in ${certFile}`)
  }
  try {
    createSecureContext({ ...protocolOptions, cert, key })
  } catch (cause) {
    throw new ConfigError('tls.certFile', `${certFile} cannot be used: ${reasonOf(cause)}`, { cause })
  }
  return {
    cert,
    key,
    names: certificate.subjectAltName ?? certificate.subject ?? '',
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
  }
}

function read(field: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const problem = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new ConfigError(field, `${file} ${problem}`, { cause })
  }
}

function parseCertificate(pem: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new ConfigError('tls.certFile', `${file} has no certificate in PEM format`, { cause })
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const isEncrypted = pem.includes('ENCRYPTED')
    const problem = isEncrypted
      ? 'has an encrypted key; store it without a passphrase, readable by the server only'
      : 'has no private key in PEM format'
    throw new ConfigError('tls.keyFile', `${file} ${problem}`, { cause })
  }
}

/** The reason in OpenSSL's words, which tell a weak key from a broken chain. */
function reasonOf(error: unknown): string {
  const { reason, message } = error as { reason?: string; message: string }
  return reason ?? message
}

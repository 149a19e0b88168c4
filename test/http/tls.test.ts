import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { limitConnections } from '../../src/app/server-limits.ts'
import { announceHttps, createSecureServer } from '../../src/app/tls/secure-server.ts'
import { ServerCertificate } from '../../src/app/tls/server-certificate.ts'
import { limitsSchema } from '../../src/config/limits.ts'
import { makeCertificate, writeCertificate } from '../support/certificates.ts'
import { collectLog } from '../support/collect-log.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'

/** A server with a stream that stays open, and the files of its certificate. */
async function openSecure(given: Parameters<typeof limitsSchema.parse>[0] = {}, intervalMs?: number) {
  const directory = temporaryDirectory()
  const first = makeCertificate()
  const files = writeCertificate(directory, first)
  const log = collectLog()
  const certificate = new ServerCertificate(files, log.logger)
  const app = express()
  app.use(announceHttps(60_000))
  app.get('/stream', (_req, res) => void res.write('open\n'))
  app.get('/', (_req, res) => void res.end('ok'))
  const limits = limitsSchema.parse(given)
  const server = limitConnections(createSecureServer(certificate, limits, app, intervalMs), limits)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    certificate.close()
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const logged = (message: string) => log.lines.filter(({ msg }) => String(msg).startsWith(message))
  return { directory, files, first, certificate, port, logged }
}

/** A handshake on a new connection, which trusts one certificate and no other. */
async function shake(
  port: number,
  ca: string,
  versions: { maxVersion?: SecureVersion; ciphers?: string } = {},
) {
  const socket = connectTls({ port, host: '127.0.0.1', ca, ...versions })
  onTestFinished(() => void socket.destroy())
  await Promise.race([
    once(socket, 'secureConnect'),
    once(socket, 'error').then(([error]) => Promise.reject(error)),
  ])
  return socket
}

async function ask(socket: TLSSocket | Socket, path = '/'): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  return String((await once(socket, 'data'))[0])
}

test('a request over TLS is answered, and browsers are told to stay with it', async () => {
  const { port, first } = await openSecure()
  const answer = await ask(await shake(port, first.cert))
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(answer).toContain('Strict-Transport-Security: max-age=60\r\n')
})

describe('only modern protocols are spoken', () => {
  test('TLS 1.2 with forward secrecy', async () => {
    const { port, first } = await openSecure()
    const socket = await shake(port, first.cert, { maxVersion: 'TLSv1.2' })
    expect([socket.getProtocol(), socket.getCipher().name]).toEqual([
      'TLSv1.2',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
    ])
  })

  test('an old cipher, and plain HTTP, get no answer', async () => {
    const { port, first } = await openSecure()
    const old = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const
    await expect(shake(port, first.cert, old)).rejects.toThrow(/handshake failure/)
    const plain = connect(port, '127.0.0.1')
    plain.on('error', () => {})
    plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const chunks: Buffer[] = []
    plain.on('data', chunk => chunks.push(chunk))
    await once(plain, 'close')
    expect(Buffer.concat(chunks).toString('latin1')).not.toContain('HTTP/')
  })
})

test('changed files are used by new connections, while a stream stays open', async () => {
  const { directory, port, first, logged } = await openSecure({}, 20)
  const stream = await shake(port, first.cert)
  expect(await ask(stream, '/stream')).toContain('open')
  const second = makeCertificate()
  writeCertificate(directory, second)
  await until(() => logged('TLS certificate loaded').length === 2)
  expect((await ask(await shake(port, second.cert))).slice(0, 15)).toBe('HTTP/1.1 200 OK')
  await expect(shake(port, first.cert)).rejects.toThrow(/self-signed certificate/)
  expect(stream.destroyed).toBe(false)
})

test('a certificate that cannot be used is logged with its file, and the previous one stays', async () => {
  const { files, certificate, port, first, logged } = await openSecure()
  const stranger = makeCertificate()
  const broken: [file: string, text: string, reason: string][] = [
    [
      files.certFile,
      stranger.cert,
      `tls.keyFile: ${files.keyFile} does not belong to the certificate in ${files.certFile}`,
    ],
    [files.certFile, 'half a', `tls.certFile: ${files.certFile} has no certificate in PEM format`],
    [files.keyFile, '', `tls.keyFile: ${files.keyFile} has no private key in PEM format`],
  ]
  for (const [file, text, reason] of broken) {
    writeFileSync(files.certFile, first.cert)
    writeFileSync(file, text)
    certificate.reload()
    expect(logged('TLS certificate rejected').at(-1)).toMatchObject({ level: 50, reason })
    await shake(port, first.cert)
  }
  rmSync(files.certFile)
  certificate.reload()
  expect(logged('TLS certificate rejected').at(-1)).toMatchObject({
    reason: `tls.certFile: ${files.certFile} does not exist`,
  })
  writeCertificate(join(files.certFile, '..'), stranger)
  certificate.reload()
  await shake(port, stranger.cert)
})

test('files that cannot be used keep the server from starting, by the name of the option', () => {
  const directory = temporaryDirectory()
  const { logger } = collectLog()
  const good = makeCertificate()
  const files = writeCertificate(directory, good)
  const open = () => new ServerCertificate(files, logger)
  writeFileSync(files.keyFile, makeCertificate().key)
  expect(open).toThrow(
    `tls.keyFile: ${files.keyFile} does not belong to the certificate in ${files.certFile}`,
  )
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'x', type: 'pkcs8', format: 'pem' } as const
  writeFileSync(files.keyFile, createPrivateKey(good.key).export(encryption))
  expect(open).toThrow(/^tls.keyFile: .* has an encrypted key; store it without a passphrase/)
  rmSync(files.keyFile)
  expect(open).toThrow(`tls.keyFile: ${files.keyFile} does not exist`)
})

test('one that has expired, ends soon or is not valid yet is used, with a warning', () => {
  const dayMs = 24 * 60 * 60 * 1000
  const warningsOf = (validity: Parameters<typeof makeCertificate>[0]) => {
    const log = collectLog()
    new ServerCertificate(writeCertificate(temporaryDirectory(), makeCertificate(validity)), log.logger)
    return log.lines.filter(({ level }) => level === 40).map(({ msg }) => msg)
  }
  const at = (days: number) => new Date(Date.now() + days * dayMs)
  expect(warningsOf({})).toEqual([])
  expect(warningsOf({ validFrom: at(-9), validTo: at(-1) })).toEqual(['TLS certificate expired'])
  expect(warningsOf({ validTo: at(5) })).toEqual(['TLS certificate expires soon'])
  expect(warningsOf({ validFrom: at(1) })).toEqual(['TLS certificate not valid yet'])
})

test('a key that all users can read is a warning', () => {
  const log = collectLog()
  const files = writeCertificate(temporaryDirectory(), makeCertificate())
  chmodSync(files.keyFile, 0o644)
  new ServerCertificate(files, log.logger)
  expect(log.lines).toContainEqual(
    expect.objectContaining({ keyFile: files.keyFile, msg: 'TLS key readable by all users' }),
  )
})

describe('handshakes', () => {
  const openRaw = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  test('that are not finished in time are ended', async () => {
    const { port } = await openSecure({ headersTimeoutMs: 200 })
    const silent = await openRaw(port)
    // The second one can take longer than the first one may.
    const silentIsClosed = once(silent, 'close')
    const halfway = await openRaw(port)
    // The beginning of a ClientHello of 512 bytes.
    halfway.write(Buffer.from('16030102000100', 'hex'))
    await Promise.all([silentIsClosed, once(halfway, 'close')])
  })

  test('that are not finished count by address, and make room for callers', async () => {
    const { port, first } = await openSecure({ connectionsPerAddress: 20 })
    const silent = []
    for (let count = 0; count < 20; count++) silent.push(await openRaw(port))
    const gone = once(silent[0] as Socket, 'close')
    expect(await ask(await shake(port, first.cert))).toMatch(/^HTTP\/1\.1 200 OK/)
    await gone
  })

  test('beyond the limit are refused while all connections are busy', async () => {
    const { port, first } = await openSecure({ connectionsPerAddress: 2 })
    const busy = [await shake(port, first.cert), await shake(port, first.cert)]
    for (const socket of busy) expect(await ask(socket, '/stream')).toContain('open')
    await expect(shake(port, first.cert)).rejects.toThrow()
    busy[0]?.destroy()
    await until(async () => {
      const answer = await shake(port, first.cert).then(ask, () => '')
      return answer.startsWith('HTTP/1.1 200 OK')
    })
    expect(busy[1]?.destroyed).toBe(false)
  })
})

import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { testCertificate, testCertificateKey } from '../fixtures/test-certificate.ts'
import { openForwarder } from './open-forwarder.ts'

async function openSecure() {
  const names: (string | undefined)[] = []
  const server = createServer({ cert: testCertificate, key: testCertificateKey }, (request, response) => {
    names.push(request.headers.host)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, names }
}

const lookup = async () => [{ address: '127.0.0.1', family: 4 }]

test('TLS is spoken with the name, at the address that was checked', async () => {
  const { port, names } = await openSecure()
  const { forward } = await openForwarder({
    lookup,
    allowedPrivateHosts: [`127.0.0.1:${port}`],
    certificates: [testCertificate],
  })
  expect((await fetch(forward(`https://mcp.test:${port}/mcp`).url)).status).toBe(200)
  expect(names).toEqual([`mcp.test:${port}`])
  const other = forward(`https://other.test:${port}/mcp`)
  expect((await fetch(other.url)).status).toBe(502)
  expect(other.traffic()?.failure).toContain('No secure connection to other.test')
})

test('a certificate that nobody trusts is refused', async () => {
  const { port, names } = await openSecure()
  const { forward } = await openForwarder({ lookup, allowedPrivateHosts: [`127.0.0.1:${port}`] })
  const { url, traffic } = forward(`https://mcp.test:${port}/mcp`)
  expect((await fetch(url)).status).toBe(502)
  expect(traffic()?.failure).toContain('SELF_SIGNED')
  expect(names).toEqual([])
})

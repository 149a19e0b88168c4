import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { endsLater } from '../support/lifetime.ts'
import { listen, openForwarder } from './open-forwarder.ts'

const never = new AbortController().signal
const toWebhook = (url: string, signal = never) => ({
  ...{ tenantId: 'default', url: new URL(url), headers: { 'webhook-id': '1' }, body: '{}', signal },
})

async function post(listener: RequestListener, path = '/') {
  const receiver = await listen(listener)
  const { forwarder } = await openForwarder({ allowedPrivateHosts: [receiver.host] })
  return { receiver, answer: await forwarder.post(toWebhook(`${receiver.url}${path}`)) }
}

/** A receiver below HTTP. */
async function listenRaw(onData: (write: (text: string) => boolean) => void) {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => onData(text => socket.write(text)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endsLater(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the status counts, and Retry-After is handed on', async () => {
  const { receiver, answer } = await post((_, response) =>
    response.writeHead(503, { 'retry-after': '7' }).end('later'),
  )
  expect(answer).toEqual({ status: 503, retryAfter: '7' })
  expect(receiver.requests[0]).toMatchObject({ method: 'POST', headers: { 'webhook-id': '1' } })
})

test('a redirect is not followed, wherever it leads', async () => {
  const target = await listen((_, response) => response.end())
  const { answer } = await post((_, response) => response.writeHead(307, { location: target.url }).end())
  expect(answer).toEqual({ status: 307, retryAfter: undefined })
  expect(target.requests).toEqual([])
})

test('a body without an end is not read to its end', async () => {
  const closed = Promise.withResolvers<void>()
  const { answer } = await post((_, response) => {
    response.writeHead(200)
    response.once('close', closed.resolve)
    const fill = () => {
      while (response.write('x'.repeat(64 * 1024))) if (response.destroyed) return
      response.once('drain', fill)
    }
    fill()
  })
  expect(answer).toMatchObject({ status: 200 })
  await closed.promise
})

test('a body that comes slowly is not waited for', async () => {
  const closed = Promise.withResolvers<void>()
  const { answer } = await post((_, response) => {
    response.writeHead(200).write('x')
    response.once('close', closed.resolve)
  })
  expect(answer).toMatchObject({ status: 200 })
  await closed.promise
})

test('headers that come slowly end with the signal', async () => {
  const stop = new AbortController()
  const asked = Promise.withResolvers<void>()
  const host = await listenRaw(write => {
    write('HTTP/1.1 200 OK\r\nx-a: ')
    asked.resolve()
  })
  const { forwarder } = await openForwarder({ allowedPrivateHosts: [host] })
  const sent = forwarder.post(toWebhook(`http://${host}/`, stop.signal))
  await asked.promise
  stop.abort()
  await expect(sent).rejects.toThrow()
})

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n', /HPE_/],
  ['an upgrade', 'HTTP/1.1 101 A\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', /switched protocols/],
  ['endless headers', `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}`, /HPE_HEADER_OVERFLOW/],
])('a response that is %s counts as none', async (_, text, message) => {
  const host = await listenRaw(write => write(text))
  const { forwarder } = await openForwarder({ allowedPrivateHosts: [host] })
  expect(await forwarder.post(toWebhook(`http://${host}/`))).toEqual({
    ...{ refused: 'unreachable', message: expect.stringMatching(message) },
  })
})

test('a name that resolves to a private address is refused, and nothing connects', async () => {
  const receiver = await listen((_, response) => response.end())
  const { forwarder } = await openForwarder({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] })
  const answer = await forwarder.post(toWebhook(`https://hooks.example.com:${receiver.port}/`))
  expect(answer).toMatchObject({
    refused: 'address_refused',
    message: expect.stringContaining('hooks.example.com resolves to an address that is not public'),
  })
  const direct = await forwarder.post(toWebhook(`${receiver.url}/`))
  expect(direct).toMatchObject({ refused: 'address_refused' })
  expect(receiver.requests).toEqual([])
})

test('a name is looked up for each attempt, so that a later change of its address is seen', async () => {
  const receiver = await listen((_, response) => response.end())
  const addresses = ['127.0.0.1', '10.0.0.1']
  const { forwarder } = await openForwarder({
    allowedPrivateHosts: [receiver.host],
    lookup: async () => [{ address: addresses.shift() ?? '', family: 4 }],
  })
  const url = `http://hooks.example.com:${receiver.port}/`
  expect(await forwarder.post(toWebhook(url))).toMatchObject({ status: 200 })
  expect(await forwarder.post(toWebhook(url))).toMatchObject({ refused: 'address_refused' })
  expect(receiver.requests).toHaveLength(1)
})

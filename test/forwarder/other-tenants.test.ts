import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listen, openForwarder } from './open-forwarder.ts'

/** A server on loopback that the owner allows, under the address and under a name that resolves to it. */
async function openPrivate() {
  const server = await listen((_request, response) => response.end('{}'))
  const named = `private.test:${server.port}`
  const { forwarder } = await openForwarder({
    allowedPrivateHosts: [server.host, named],
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
  })
  return {
    ...server,
    forwarder,
    urls: [`${server.url}/x`, `http://${named}/x`, `http://other.test:${server.port}/x`],
  }
}

const signal = new AbortController().signal

test('private hosts that are allowed are for the default tenant alone: webhooks', async () => {
  const { forwarder, urls, requests } = await openPrivate()
  for (const url of urls) {
    const answer = await forwarder.post({
      tenantId: 'red',
      url: new URL(url),
      headers: {},
      body: '{}',
      signal,
    })
    expect(answer).toMatchObject({ refused: 'address_refused' })
  }
  expect(requests).toEqual([])
  const own = { tenantId: 'default', url: new URL(urls[0] ?? ''), headers: {}, body: '{}', signal }
  expect(await forwarder.post(own)).toMatchObject({ status: 200 })
})

test('private hosts that are allowed are for the default tenant alone: MCP servers', async () => {
  const { forwarder, urls, requests } = await openPrivate()
  const ask = async (tenantId: string, url: string) => {
    const forwarding = forwarder.openMcp({ tenantId })
    const { one } = forwarding.forward({ one: { type: 'http', url } })
    const response = await fetch((one as { url: string }).url, { method: 'POST', body: '{}' })
    forwarding.close()
    return response.status
  }
  for (const url of urls) expect(await ask('red', url)).toBeGreaterThanOrEqual(400)
  expect(requests).toEqual([])
  expect(await ask('default', urls[1] ?? '')).toBe(200)
})

test('private hosts that are allowed are for the default tenant alone: clones', async () => {
  const { forwarder, urls, requests } = await openPrivate()
  await expect(forwarder.openClone(new URL(urls[0] ?? ''), 'red')).rejects.toMatchObject({
    code: 'WORKSPACE_NOT_ALLOWED',
  })
  const way = await forwarder.openClone(new URL(urls[0] ?? ''), 'default')
  way.close()
  expect(requests).toEqual([])
})

test('private hosts that are allowed are for the default tenant alone: MCP servers of a box', async () => {
  const { forwarder, urls } = await openPrivate()
  for (const tenantId of ['red', 'default']) {
    const channel = forwarder.openChannel({}, { tenantId })
    const listener = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => listener.once('listening', resolve))
    const { port } = listener.address() as { port: number }
    channel.serve(listener)
    const forwarding = channel.openMcp({ tenantId })
    const { one } = forwarding.forward({ one: { type: 'http', url: urls[1] ?? '' } })
    const { pathname } = new URL((one as { url: string }).url)
    const { status } = await fetch(`http://127.0.0.1:${port}${pathname}`, { method: 'POST', body: '{}' })
    expect(status === 200).toBe(tenantId === 'default')
    channel.close()
  }
})

import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { HopClient } from '../../src/cluster/hop/hop-client.ts'
import { refusalHeader } from '../../src/cluster/hop/refusal.ts'
import { freePort } from '../support/free-port.ts'
import { endsLater } from '../support/lifetime.ts'

async function openNode(refusal: string): Promise<string> {
  const port = await freePort()
  const server = createServer((_, res) => res.writeHead(403, { [refusalHeader]: refusal }).end())
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  endsLater(() => server.close())
  return `http://127.0.0.1:${port}`
}

function openClient() {
  const warned: unknown[] = []
  const client = new HopClient({
    ...{ id: 'front', secret: 'secret-of-the-nodes-in-these-tests', caFile: undefined },
    endOf: () => new AbortController().signal,
    faults: { warn: (fields, message) => warned.push([fields, message]) },
  })
  endsLater(() => client.close())
  const send = (url: string, signal = AbortSignal.timeout(60_000)) => {
    const node = { id: 'owner', url, version: '1', state: 'active' as const, slotsFree: 1, volumes: [] }
    const facts = { caller: null, session: null, address: '192.0.2.1', base: '/api/v1', isRepeated: false }
    return client.send(node, { method: 'GET', path: '/x', headers: {}, body: Buffer.alloc(0), facts }, signal)
  }
  return { send, warned }
}

describe('the log says', () => {
  test('why another node refuses this one, once in a while', async () => {
    const { send, warned } = openClient()
    const url = await openNode('too_old')
    for (let count = 0; count < 3; count++) expect(await send(url)).toEqual({ kind: 'refused' })
    expect(warned).toEqual([
      [{ otherNodeId: 'owner', url, reason: 'too_old' }, 'request refused by another node'],
    ])
  })

  test('which node is not reached', async () => {
    const { send, warned } = openClient()
    const url = `http://127.0.0.1:${await freePort()}`
    expect(await send(url)).toEqual({ kind: 'refused' })
    expect(warned).toEqual([[{ otherNodeId: 'owner', url, reason: 'ECONNREFUSED' }, 'node unreachable']])
  })

  test('nothing of sessions that have moved, and of clients that have left', async () => {
    const { send, warned } = openClient()
    expect(await send(await openNode('elsewhere'))).toEqual({ kind: 'refused' })
    expect(await send(await openNode('draining'))).toEqual({ kind: 'refused' })
    await send(await openNode('unsigned'), AbortSignal.abort())
    expect(warned).toEqual([])
  })
})

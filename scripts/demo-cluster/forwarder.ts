import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How often it is asked which nodes are ready, in milliseconds. */
const periodMs = 500

/** A load balancer of the demo's own, for machines without HAProxy. */
export interface Forwarder {
  readonly port: number
  close(): Promise<void>
}

/** Hands each connection to the next node that is ready. Connections to a node that goes end with it. */
export async function openForwarder(nodes: readonly string[], port: number): Promise<Forwarder> {
  const sockets = new Set<Socket>()
  let ready: readonly string[] = nodes
  let next = 0
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  /** The other nodes are tried in turn where one refuses the connection. */
  function pass(client: Socket, candidates: readonly string[]): void {
    const [address, ...others] = candidates
    if (address === undefined) return void client.destroy()
    const { hostname, port } = new URL(address)
    const node = connect({ host: hostname, port: Number(port) })
    keep(node)
    node.once('error', () => (node.pending ? pass(client, others) : client.destroy()))
    node.once('connect', () => {
      client.pipe(node).pipe(client)
      client.once('close', () => node.destroy())
      node.once('close', () => client.destroy())
    })
  }

  const server = createServer(client => {
    keep(client)
    client.on('error', () => client.destroy())
    const start = next++ % Math.max(1, ready.length)
    pass(client, [...ready.slice(start), ...ready.slice(0, start)])
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const look = async () => {
    const answers = await Promise.all(nodes.map(isReady))
    ready = nodes.filter((_, index) => answers[index])
  }
  const timer = setInterval(() => void look(), periodMs)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      clearInterval(timer)
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Whether a node takes requests. */
export async function isReady(address: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(periodMs)
    const response = await fetch(`${address}/api/v1/ready`, { signal, headers: { connection: 'close' } })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

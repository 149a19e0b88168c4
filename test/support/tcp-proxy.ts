import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy in front of a server on the loopback address that can fall silent, as a network that is cut off does. */
export interface TcpProxy {
  readonly port: number
  /** Passes nothing on any more, in either direction, and lets new connections wait. */
  stop(): void
  /** Passes on what has waited. */
  resume(): void
  close(): Promise<void>
}

export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isStopped = false
  const add = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    if (isStopped) socket.pause()
  }
  const server = createServer({ allowHalfOpen: false }, inner => {
    const outer = connect(target)
    add(inner)
    add(outer)
    const pass = (from: Socket, to: Socket) => {
      from.on('data', data => to.write(data))
      from.once('close', () => to.destroy())
      if (isStopped) from.pause()
    }
    pass(inner, outer)
    pass(outer, inner)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      isStopped = true
      for (const socket of sockets) socket.pause()
    },
    resume() {
      isStopped = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy in front of a server on the loopback address that can fall silent, as a network that is cut off does. */
export interface TcpProxy {
  readonly port: number
  /** Passes nothing on any more, in either direction, and lets new connections wait. */
  stop(): void
  /** Passes on what has waited. */
  resume(): void
  /**
   * Waits for a connection on which these texts are sent, in this order; the first one begins anew. Then drops what the
   * server answers and cuts the connection, once.
   *
   * @returns what was dropped
   */
  swallow(texts: readonly string[]): Promise<Buffer>
  close(): Promise<void>
}

export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isStopped = false
  let trap: { texts: readonly string[]; spring(dropped: Buffer): void } | undefined
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
    let met = 0
    const watch = (sent: Buffer) => {
      if (trap?.texts[0] !== undefined && sent.includes(trap.texts[0])) met = 0
      while (trap && met < trap.texts.length && sent.includes(trap.texts[met] ?? '')) met++
    }
    const isSwallowed = (answer: Buffer): boolean => {
      if (!trap || met < trap.texts.length) return false
      trap.spring(answer)
      trap = undefined
      inner.destroy()
      outer.destroy()
      return true
    }
    inner.on('data', watch)
    const pass = (from: Socket, to: Socket) => {
      from.on('data', data => (from === outer && isSwallowed(data) ? undefined : to.write(data)))
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
    swallow(texts) {
      const { promise, resolve } = Promise.withResolvers<Buffer>()
      trap = { texts, spring: resolve }
      return promise
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

import { type Duplex, duplexPair } from 'node:stream'

/** The two ends of a connection inside this process, with the methods of a socket that Node's HTTP calls. */
export function innerConnection(): [Duplex, Duplex] {
  const [client, server] = duplexPair()
  return [withSocketMethods(client), withSocketMethods(server)]
}

/** There is no network that could stall, and no timer that would have to be told. */
function withSocketMethods(stream: Duplex): Duplex {
  const itself = () => stream
  return Object.assign(stream, {
    timeout: 0,
    setTimeout: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
  })
}

import { IncomingMessage } from 'node:http'

/**
 * A request that is an upgrade only where it asks for a WebSocket. Node gives each request with the header `Upgrade` to
 * the listener of `upgrade`, without its body; clients that would like HTTP/2, such as Java's, send it with all of them.
 */
export class ClientMessage extends IncomingMessage {
  // Node's parser sets and reads the property; its constructor sets it first.
  declare private isUpgrade: boolean | null

  get upgrade(): boolean {
    return this.isUpgrade === true && this.method === 'GET' && /^websocket$/i.test(this.headers.upgrade ?? '')
  }

  set upgrade(value: boolean | null) {
    this.isUpgrade = value
  }
}

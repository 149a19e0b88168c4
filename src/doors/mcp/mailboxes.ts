type Receive = (message: unknown) => void

/**
 * Messages of clients for calls that run in this process. A key names the caller and the call. The mailboxes are as
 * many as the calls that run.
 */
export class Mailboxes {
  readonly #boxes = new Map<string, Receive>()

  /** @returns a function that closes the mailbox */
  open(key: readonly unknown[], receive: Receive): () => void {
    const name = JSON.stringify(key)
    this.#boxes.set(name, receive)
    return () => {
      if (this.#boxes.get(name) === receive) this.#boxes.delete(name)
    }
  }

  send(key: readonly unknown[], message: unknown): void {
    this.#boxes.get(JSON.stringify(key))?.(message)
  }
}

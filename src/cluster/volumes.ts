import { sep } from 'node:path'

/** The places that sessions' directories are in, and that nodes say they have. */
export class Volumes {
  /** Of this machine alone. */
  readonly own: string
  readonly #shared: readonly string[]

  /** @param shared absolute paths */
  constructor(name: string, shared: readonly string[]) {
    this.own = `node:${name}`
    this.#shared = shared
  }

  /** All that this node has. */
  get names(): string[] {
    return [this.own, ...this.#shared]
  }

  /** The place of a directory: the shared one that it is in, else this machine. */
  of(directory: string): string {
    const within = (volume: string) =>
      directory === volume || `${directory}${sep}`.startsWith(`${volume}${sep}`)
    return this.#shared.find(within) ?? this.own
  }
}

import { sep } from 'node:path'
import type { SessionRecord } from '../sessions/records.ts'

/** The places that sessions' directories are in, and that nodes say they have. */
export class Volumes {
  /** Of this machine alone. */
  readonly own: string
  readonly #shared: readonly string[]
  /** Of directories that sessions take along; undefined: none do. */
  readonly #portable: string | undefined

  /** @param shared absolute paths */
  constructor(name: string, shared: readonly string[], portable?: string) {
    this.own = `node:${name}`
    this.#shared = shared
    this.#portable = portable
  }

  /** All that this node has. */
  get names(): string[] {
    return [this.own, ...this.#shared, ...(this.#portable === undefined ? [] : [this.#portable])]
  }

  /** The place of a new session. */
  ofSession({ cwd, snapshot }: Pick<SessionRecord, 'cwd' | 'snapshot'>): string {
    return (snapshot && this.#portable) ?? this.of(cwd)
  }

  /** The place of a directory: the shared one that it is in, else this machine. */
  of(directory: string): string {
    const within = (volume: string) =>
      directory === volume || `${directory}${sep}`.startsWith(`${volume}${sep}`)
    return this.#shared.find(within) ?? this.own
  }
}

import { type Stats, statSync } from 'node:fs'
import type { Server } from 'node:https'
import type { Log } from '../../lib/log.ts'
import { protocolOptions, type ReadCertificate, readCertificate, type TlsFiles } from './read-certificate.ts'

const dayMs = 24 * 60 * 60 * 1000
/** A certificate that ends sooner should have been renewed. */
const renewalMs = 14 * dayMs
const pollMs = 5_000

/**
 * The certificate of a server. Changed files are loaded without a restart: they are compared every few seconds, since
 * events of the file system miss renamed files and mounted volumes. Connections that are open keep theirs. A certificate
 * that cannot be used is logged, and the previous one stays.
 */
export class ServerCertificate {
  readonly #files: TlsFiles
  readonly #log: Log & { info(fields: object, message: string): void }
  #current: ReadCertificate
  #seen: string
  #warnedAt = 0
  #timer: NodeJS.Timeout | undefined
  #server: Server | undefined

  /** @throws ConfigError when the files cannot be used */
  constructor(files: TlsFiles, log: Log & { info(fields: object, message: string): void }) {
    this.#files = files
    this.#log = log
    this.#seen = this.#signature()
    this.#current = readCertificate(files)
    this.#onLoaded()
  }

  /** Options for Node's HTTPS server. */
  get options() {
    const { cert, key } = this.#current
    return { ...protocolOptions, cert, key }
  }

  /** Gives the server each new certificate. */
  follow(server: Server, intervalMs = pollMs): void {
    this.#server = server
    this.#timer ??= setInterval(() => this.#poll(), intervalMs).unref()
  }

  /** Loads the files, changed or not. */
  reload(): void {
    this.#seen = this.#signature()
    try {
      this.#current = readCertificate(this.#files)
    } catch (error) {
      const { certFile, keyFile } = this.#files
      const fields = { certFile, keyFile, reason: (error as Error).message }
      this.#log.error(fields, 'TLS certificate rejected; the previous one stays in use')
      return
    }
    this.#server?.setSecureContext(this.options)
    this.#onLoaded()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #poll(): void {
    if (this.#signature() !== this.#seen) this.reload()
    else if (Date.now() - this.#warnedAt > dayMs) this.#warn()
  }

  #onLoaded(): void {
    const { names, validTo } = this.#current
    const fields = { certFile: this.#files.certFile, names, validTo: new Date(validTo).toISOString() }
    this.#log.info(fields, 'TLS certificate loaded')
    const mode = statOf(this.#files.keyFile)?.mode ?? 0
    if ((mode & 0o004) !== 0)
      this.#log.warn({ keyFile: this.#files.keyFile }, 'TLS key readable by all users')
    this.#warn()
  }

  /** Warns once a day. */
  #warn(): void {
    const now = Date.now()
    this.#warnedAt = now
    const { validFrom, validTo } = this.#current
    const fields = { certFile: this.#files.certFile, validTo: new Date(validTo).toISOString() }
    if (validTo <= now) this.#log.warn(fields, 'TLS certificate expired')
    else if (validTo - now < renewalMs) this.#log.warn(fields, 'TLS certificate expires soon')
    if (validFrom > now) this.#log.warn(fields, 'TLS certificate not valid yet')
  }

  /** Differs when one of the files was written or replaced. */
  #signature(): string {
    return [this.#files.certFile, this.#files.keyFile]
      .map(file => statOf(file))
      .map(stats => (stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : 'missing'))
      .join()
  }
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch {
    // Reading it gives the error.
    return undefined
  }
}

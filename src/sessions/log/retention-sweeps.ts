import type { Log } from '../../lib/log.ts'
import type { SessionsCluster } from '../cluster.ts'
import type { SessionDirectories } from '../files/session-directories.ts'
import type { SessionsOptions } from '../options.ts'
import type { Store } from '../ports/index.ts'
import { Retention } from './retention.ts'
import { SessionRetention } from './session-retention.ts'

interface RetentionSweepsParts {
  store: Store
  options: SessionsOptions
  directories: SessionDirectories
  faults: Pick<Log, 'error'>
  cluster?: SessionsCluster | undefined
}

/** The sweeps that the options ask for. */
export class RetentionSweeps {
  readonly #sweeps: (Retention | SessionRetention)[] = []

  constructor({ store, options, directories, faults, cluster }: RetentionSweepsParts) {
    const { eventRetentionMs, sessionRetentionMs: maxAgeMs, maxStoreBytes: maxBytes } = options
    const isFirst = cluster && (() => cluster.isFirst())
    const report = (message: string) => (error: unknown) => faults.error({ err: error }, message)
    if (eventRetentionMs !== undefined) {
      const onFault = report('retention failed')
      this.#sweeps.push(new Retention(directories.withHistories(), eventRetentionMs, onFault, isFirst))
    }
    if (maxAgeMs === undefined && maxBytes === undefined) return
    this.#sweeps.push(
      new SessionRetention({
        store: store.retention,
        limits: { maxAgeMs, maxBytes },
        forgetFiles: session => directories.forget(session),
        onFault: report('session retention failed'),
        isFirst,
        onExcess: bytes => faults.error({ bytes }, 'store exceeds maxStoreBytes'),
      }),
    )
  }

  start(): void {
    for (const sweep of this.#sweeps) sweep.start()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    for (const sweep of this.#sweeps) await sweep.close()
  }
}

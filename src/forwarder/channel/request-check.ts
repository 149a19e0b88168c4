import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { CheckedRequest } from './request-check-worker.ts'
import { findOutsideAccess } from './request-rules.ts'

/** A larger body is checked in a worker thread, so that other requests do not wait for it. */
const largeBytes = 512 * 1024
const boundMs = 10_000
const tooExpensive = 'the body takes too long to check'
/** `.ts` in the source tree, `.js` in the package. */
const workerFile = new URL(`./request-check-worker${extname(import.meta.url)}`, import.meta.url)

/** Checks the requests of one process to the model where hosts are restricted; large ones one at a time. */
export class RequestCheck {
  readonly #large = new OneAtATime()

  /** Returns why a request is refused; undefined: it is not. */
  async findFault(body: Buffer): Promise<string | undefined> {
    if (body.length <= largeBytes) return findOutsideAccess(body.toString())
    return this.#large.run('body', () => checkInWorker(body))
  }
}

async function checkInWorker(body: Buffer): Promise<string | undefined> {
  const worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: 512 } })
  try {
    worker.postMessage(body)
    const [checked]: CheckedRequest[] = await once(worker, 'message', {
      signal: AbortSignal.timeout(boundMs),
    })
    return checked ? checked.fault : tooExpensive
  } catch {
    return tooExpensive
  } finally {
    await worker.terminate()
  }
}

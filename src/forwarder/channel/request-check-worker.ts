import { parentPort } from 'node:worker_threads'
import { findOutsideAccess } from './request-rules.ts'

/** The answer of the worker of `request-check.ts`. */
export interface CheckedRequest {
  fault: string | undefined
}

parentPort?.once('message', (body: Uint8Array) => {
  parentPort?.postMessage({ fault: findOutsideAccess(Buffer.from(body).toString()) } satisfies CheckedRequest)
})

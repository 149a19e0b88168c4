import { ConnectionError } from './errors.ts'

/**
 * Returns what the promise resolves with; 0: without a bound.
 *
 * @throws ConnectionError if that takes longer
 */
export function within<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  if (ms === 0) return promise
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectionError(message)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/**
 * Returns what the promise resolves with.
 *
 * @throws the reason of the signal, if that aborts first
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The promise, until one of the signals fires; then it rejects with the signal's reason. A settled promise wins. */
export function unlessAborted<T>(promise: Promise<T>, ...signals: readonly AbortSignal[]): Promise<T> {
  const aborted = signals.find(signal => signal.aborted)
  if (aborted) return Promise.race([promise, Promise.reject(aborted.reason)])
  return new Promise((resolve, reject) => {
    // On each signal, not on `AbortSignal.any` of them: nothing else would keep that one from being collected.
    const remove = signals.map(signal => {
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      return () => signal.removeEventListener('abort', onAbort)
    })
    promise.then(resolve, reject).finally(() => {
      for (const leave of remove) leave()
    })
  })
}

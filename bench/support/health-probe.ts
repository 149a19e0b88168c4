import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Scope } from './scope.ts'

const pauseMs = 10

/** How long `/health` took, in milliseconds. */
export interface Probe {
  /** Asks for so long, over a connection of its own, and returns every duration. */
  measure(forMs: number): Promise<number[]>
}

/** Asks from a thread of its own: this one is busy with the load. */
export async function openProbe(scope: Scope, url: string): Promise<Probe> {
  const worker = new Worker(new URL(import.meta.url), { workerData: url })
  scope.onEnd(() => worker.terminate())
  await once(worker, 'online')
  return {
    async measure(forMs) {
      worker.postMessage(forMs)
      const [durations] = (await once(worker, 'message')) as [number[]]
      return durations
    },
  }
}

async function ask(url: string, agent: Agent): Promise<void> {
  const [response] = (await once(get(`${url}/api/v1/health`, { agent }), 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`/health answers with ${response.statusCode}`)
}

async function measure(url: string, agent: Agent, forMs: number): Promise<number[]> {
  const durations: number[] = []
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    const begun = performance.now()
    await ask(url, agent)
    durations.push(performance.now() - begun)
    await wait(pauseMs)
  }
  return durations
}

if (!isMainThread && typeof workerData === 'string') {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  parentPort?.on('message', (forMs: number) => {
    void measure(workerData, agent, forMs).then(durations => parentPort?.postMessage(durations))
  })
}

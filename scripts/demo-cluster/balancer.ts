import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { requirements } from '../../test/support/machine.ts'
import { openForwarder } from './forwarder.ts'
import { startProgram } from './program.ts'

const configuration = join(import.meta.dirname, '../../deploy/haproxy.cfg')

/** What clients connect to. */
export interface Balancer {
  readonly kind: string
  readonly url: string
  close(): Promise<void>
}

/**
 * HAProxy with `deploy/haproxy.cfg`, or a forwarder of the demo's own where it is not installed.
 *
 * @param nodes addresses of the three nodes
 */
export async function openBalancer(
  nodes: readonly [string, string, string],
  port: number,
  { directory, prefersForwarder }: { directory: string; prefersForwarder: boolean },
): Promise<Balancer> {
  const program = prefersForwarder ? undefined : requirements.haproxy.find()
  const url = `http://127.0.0.1:${port}`
  if (program === undefined) {
    const { close } = await openForwarder(nodes, port)
    const why = prefersForwarder ? '' : ', because HAProxy is not installed'
    return { kind: `a forwarder of the demo's own${why}`, url, close }
  }
  const [a, b, c] = nodes.map(address => new URL(address).host)
  const env = { BIND: `127.0.0.1:${port}`, NODE_A: a ?? '', NODE_B: b ?? '', NODE_C: c ?? '' }
  const log = join(directory, 'haproxy.log')
  const haproxy = startProgram(program, ['-db', '-f', configuration], env, log)
  while (!(await answers(url))) {
    if (!haproxy.isRunning) throw new Error(`HAProxy ended: ${haproxy.output()}`)
    await pause(50)
  }
  return { kind: 'HAProxy', url, close: () => haproxy.end('SIGTERM', 5_000) }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/v1/health`)
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

// Three nodes on one PostgreSQL behind a load balancer, on this machine: npm run demo:cluster. With --check it creates a
// session, kills the node that owns it, continues on another one, and exits with 0 if all of that worked, else with 1.
import { parseArgs } from 'node:util'
import { type DemoCluster, openCluster } from './cluster.ts'
import { describeCluster } from './describe.ts'
import { TakeOvers } from './take-overs.ts'
import { tour } from './tour.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    /** Also where HAProxy is installed. */
    forwarder: { type: 'boolean', default: false },
    /** 0: one that is free. */
    port: { type: 'string' },
  },
})
const port = Number(values.port ?? (values.check ? 0 : 3050))

const say = (text: string) => void process.stdout.write(`${text}\n`)
let cluster: DemoCluster | undefined
let isStopping = false

const stopped = new Promise<void>(resolve => {
  const stop = () => {
    if (isStopping) cluster?.hurry()
    else say('\nstopping; Ctrl-C again does not wait for running turns')
    isStopping = true
    resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
})

async function run(): Promise<void> {
  say('starting PostgreSQL, three nodes and a load balancer')
  const startedAt = performance.now()
  cluster = await openCluster({ port, prefersForwarder: values.forwarder })
  say(
    `started within ${((performance.now() - startedAt) / 1_000).toFixed(1)} s, behind ${cluster.balancer.kind}`,
  )
  if (values.check) {
    await Promise.race([tour(cluster, say), stopped])
    // Interrupted, nothing is known.
    if (isStopping) process.exitCode = 130
    return
  }
  const takeOvers = new TakeOvers(cluster, say)
  say(describeCluster(cluster))
  takeOvers.open()
  await stopped
  await takeOvers.close()
}

try {
  await run()
} catch (error) {
  process.stderr.write(`demo:cluster: ${(error as Error).message}\n`)
  process.exitCode = 1
}
await cluster?.close()
// Handlers of signals keep nothing alive, but a request that was given up may.
process.exit()

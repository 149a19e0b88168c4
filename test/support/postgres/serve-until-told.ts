import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { isAlive } from '../processes.ts'
import { startPostgres } from './postgres-server.ts'

// Started by shared-server.ts: runs a PostgreSQL server until SIGTERM, or until the run of tests whose process id it is
// given has gone, and says its address on standard output.
const run = Number(process.argv[2])

async function gone(): Promise<void> {
  while (isAlive(run)) await pause(1_000, undefined, { ref: false })
}

const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), gone()])
const server = await startPostgres()
process.stdout.write(`${server.url}\n`)
await told
await server.dispose()

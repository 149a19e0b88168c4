import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { isAlive } from '../processes.ts'
import { startPostgres } from './postgres-server.ts'

// Runs a PostgreSQL server until SIGTERM, or until the process whose id it is given has gone (a run of tests, a demo of
// several nodes), and says its address on standard output.
const owner = Number(process.argv[2])
if (!Number.isInteger(owner)) throw new Error('Give the id of the process for which the server is')

async function gone(): Promise<void> {
  while (isAlive(owner)) await pause(1_000, undefined, { ref: false })
}

const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), gone()])
const server = await startPostgres()
process.stdout.write(`${server.url}\n`)
await told
await server.dispose()

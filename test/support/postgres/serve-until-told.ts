import { once } from 'node:events'
import { startPostgres } from './postgres-server.ts'

// Started by shared-server.ts: runs a PostgreSQL server until SIGTERM, and says its address on standard output.
const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
const server = await startPostgres()
process.stdout.write(`${server.url}\n`)
await told
await server.dispose()

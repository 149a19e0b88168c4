// The program of a node's warden: see `src/app/cluster/warden-program.ts`. It outlives the node's drain and ends with
// the node, so it ignores signals, which service managers send to all processes of a service.
import { openInbox } from '../app/cluster/warden-inbox.ts'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
const inbox = openInbox<never>()
const { runWarden } = await import('../app/cluster/warden-program.ts')
await runWarden(inbox)
process.exit()

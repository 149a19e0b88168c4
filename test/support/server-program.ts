// A server in a process of its own, with options that the command line does not have: its only argument, as JSON.
import { type ServeOptions, serve } from '../../src/app/serve.ts'

const server = await serve(JSON.parse(process.argv[2] ?? '{}') as ServeOptions)
process.stdout.write(`listening on ${server.url}\n`)
process.once('SIGTERM', () => {
  void server.close().then(() => process.exit(0))
})

// Node's own HTTP server in front of a live process of the SDK: what a send costs before anyone keeps anything of it.
// Its only argument, as JSON: `{ cwd, environment }`.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toSdkOptions } from '../../src/claude/settings/sdk-options.ts'
import { buildAgentEnvironment } from '../../src/config/agent-environment.ts'
import { plainSpec } from '../../test/support/agent-parts.ts'
import { openLiveSdk } from './sdk.ts'
import { serveParent } from './serve-parent.ts'

const { cwd, environment } = JSON.parse(process.argv[2] ?? '{}') as {
  cwd: string
  environment: Record<string, string>
}
const sdk = openLiveSdk(toSdkOptions(plainSpec(cwd), { environment: buildAgentEnvironment(environment) }))
const server = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  response.setHeader('Content-Type', 'text/event-stream')
  const { prompt } = JSON.parse(text) as { prompt: string }
  await sdk.ask(prompt, delta => response.write(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`))
  response.end('event: complete\ndata: {}\n\n')
}).listen(0, '127.0.0.1')
await once(server, 'listening')
serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
  server.close()
  server.closeAllConnections()
  await sdk.close()
})

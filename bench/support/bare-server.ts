// Node's own HTTP server with a fixed answer: what a request costs before anyone does anything for it.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveParent } from './serve-parent.ts'

const { file, as } = JSON.parse(process.argv[2] ?? '{}') as { file: string; as: 'bytes' | 'text' }
const bytes = readFileSync(file)
const body = as === 'text' ? bytes.toString() : bytes
const server = createServer((_request, response) => {
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Content-Length', bytes.length)
  response.end(body)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
  server.close()
  server.closeAllConnections()
})

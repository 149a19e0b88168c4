import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StandInModel } from '../../src/demo/stand-in-model.ts'
import { endsLater } from './lifetime.ts'

/** An error of the model's API, as it answers instead of the stand-in. */
export interface ModelFailure {
  status: number
  type: string
  headers?: Record<string, string>
}

/** Stands before the stand-in, and answers with `failure` as long as there is one; closed after the test. */
export async function openFlakyModel(model: Pick<StandInModel, 'url'>) {
  const flaky = { url: '', failure: undefined as ModelFailure | undefined, failed: 0 }
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { failure } = flaky
    if (failure && request.url?.includes('/messages')) {
      flaky.failed++
      response.writeHead(failure.status, { 'content-type': 'application/json', ...failure.headers })
      response.end(JSON.stringify({ type: 'error', error: { type: failure.type, message: 'not now' } }))
      return
    }
    const forwarded = http.request(`${model.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: request.headers,
    })
    forwarded.on('response', answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    forwarded.end(Buffer.concat(chunks))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endsLater(() => {
    server.close()
    server.closeAllConnections()
  })
  flaky.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return flaky
}

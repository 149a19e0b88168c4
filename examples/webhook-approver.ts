// An approver that sleeps until a webhook wakes it: node webhook-approver.ts "npm test" "git status"
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

const {
  CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1',
  CLAUDE_API_KEY = '',
  PORT = '8099',
} = process.env
const allowed = process.argv.slice(2)
const call = async (method: string, path: string, body?: object) => {
  const headers = { 'x-api-key': CLAUDE_API_KEY, 'content-type': 'application/json' }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  const response = await fetch(CLAUDE_CODE_API_URL + path, init)
  // 409: another client has answered.
  if (!response.ok && response.status !== 409) throw new Error(await response.text())
  return JSON.parse((await response.text()) || '{}')
}
const answerAll = async () => {
  const { permissions } = await call('GET', '/permissions?status=pending')
  for (const { permissionId, sessionId, toolName, input } of permissions) {
    const decision = toolName === 'Bash' && allowed.includes(input.command) ? 'allow' : 'deny'
    process.stdout.write(`${decision}: ${toolName} ${JSON.stringify(input)}\n`)
    await call('POST', `/sessions/${sessionId}/permissions/${permissionId}`, { decision })
  }
}
const server = createServer(async (request, response) => {
  try {
    new Webhook(secret).verify(await text(request), request.headers as Record<string, string>)
    await answerAll()
    response.writeHead(204).end()
  } catch (error) {
    // The delivery is repeated later.
    process.stdout.write(`${error}\n`)
    response.writeHead(500).end()
  }
}).listen(Number(PORT), '127.0.0.1')
const url = `http://127.0.0.1:${PORT}/`
const { webhookId, secret } = await call('POST', '/webhooks', { url, events: ['permission.requested'] })
await answerAll()
process.stdout.write('sleeping\n')
process.once('SIGTERM', async () => {
  await call('DELETE', `/webhooks/${webhookId}`)
  server.close()
})

// An approver that sleeps until a webhook wakes it: node webhook-approver.ts "npm test" "git status"
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { ApiError, ClaudeCodeClient } from '../src/client/index.ts'

const { CLAUDE_CODE_API_URL, CLAUDE_API_KEY, PORT = '8099' } = process.env
const baseUrl = CLAUDE_CODE_API_URL ?? 'http://127.0.0.1:3050/api/v1'
const client = new ClaudeCodeClient({ baseUrl, apiKey: CLAUDE_API_KEY })
const allowed = process.argv.slice(2)
const answerAll = async () => {
  const { permissions } = await client.call('listAllPermissions', { query: { status: 'pending' } })
  for (const { permissionId, sessionId, toolName, input } of permissions) {
    const isAllowed = toolName === 'Bash' && allowed.includes(String(input.command))
    const decision = isAllowed ? 'allow' : 'deny'
    process.stdout.write(`${decision}: ${toolName} ${JSON.stringify(input)}\n`)
    await client
      .session(sessionId)
      .answer(permissionId, { decision })
      .catch(error => {
        const wasFaster = error instanceof ApiError && error.code === 'PERMISSION_ALREADY_RESOLVED'
        if (!wasFaster) throw error
      })
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
const { webhookId, secret } = await client.call('createWebhook', {
  body: { url, events: ['permission.requested'] },
})
await answerAll()
process.stdout.write('sleeping\n')
process.once('SIGTERM', async () => {
  await client.call('deleteWebhook', { params: { webhookId } })
  server.close()
})

// A chat bot on the terminal, which asks a person for what Claude may not do: node approval-bot.ts "Run the tests"
import { createInterface } from 'node:readline/promises'
import { Readable } from 'node:stream'

const api = process.env.CLAUDE_CODE_API_URL ?? 'http://127.0.0.1:3050/api/v1'
const headers = { 'x-api-key': process.env.CLAUDE_API_KEY ?? '', 'content-type': 'application/json' }
const send = async (path: string, body?: object) => {
  const init = body && { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(api + path, { headers, ...init })
  if (!response.ok || !response.body) throw new Error(await response.text())
  return response.body
}
const post = async (path: string, body: object) =>
  (await new Response(await send(path, body)).json()) as Record<string, string>
const chat = createInterface({ input: process.stdin, output: process.stdout })
const path = `/sessions/${(await post('/sessions', { permissionPrompts: 'ask' })).sessionId}`
const { turnId } = await post(`${path}/messages`, { prompt: process.argv[2], background: true })
let type = ''
for await (const line of createInterface(Readable.fromWeb(await send(`${path}/events?turnId=${turnId}`)))) {
  if (line.startsWith('event: ')) type = line.slice(7)
  if (!line.startsWith('data: ')) continue
  const { permissionId, title, toolName, input, response, error } = JSON.parse(line.slice(6))
  if (type === 'permission.requested') {
    const said = await chat.question(`${title ?? toolName}: ${JSON.stringify(input)} (yes or no) `)
    await post(`${path}/permissions/${permissionId}`, { decision: said === 'yes' ? 'allow' : 'deny' })
  }
  if (type === 'turn.completed') process.stdout.write(`Claude: ${response}\n`)
  if (/^turn\.(failed|interrupted|timed_out|lost)$/.test(type)) throw new Error(`${type} ${error?.message}`)
}
chat.close()

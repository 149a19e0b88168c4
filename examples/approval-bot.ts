// A chat bot on the terminal, which asks a person for what Claude may not do: node approval-bot.ts "Run the tests"
import { createInterface } from 'node:readline/promises'

const api = process.env.CLAUDE_CODE_API ?? 'http://127.0.0.1:3050/api/v1'
const headers = { 'x-api-key': process.env.CLAUDE_API_KEY ?? '', 'content-type': 'application/json' }
const post = async (path: string, body: object) => {
  const response = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Record<string, string>
}
const chat = createInterface({ input: process.stdin, output: process.stdout })
const { sessionId } = await post('/sessions', { permissionPrompts: 'ask' })
const path = `/sessions/${sessionId}`
const { turnId } = await post(`${path}/messages`, { prompt: process.argv[2], background: true })
const events = await fetch(`${api}${path}/events?turnId=${turnId}`, { headers })
let rest = ''
for await (const chunk of events.body?.pipeThrough(new TextDecoderStream()) ?? []) {
  const frames = (rest + chunk).split('\n\n')
  rest = frames.pop() ?? ''
  for (const frame of frames) {
    const [, type, data] = /^event: (.*)\ndata: (.*)$/m.exec(frame) ?? []
    if (type === 'permission.requested') {
      const { permissionId, title, toolName, input } = JSON.parse(data ?? '')
      const said = await chat.question(`${title ?? toolName}: ${JSON.stringify(input)} (yes or no) `)
      await post(`${path}/permissions/${permissionId}`, { decision: said === 'yes' ? 'allow' : 'deny' })
    }
    if (type === 'turn.completed') process.stdout.write(`Claude: ${JSON.parse(data ?? '').response}\n`)
  }
}
chat.close()

// A managed agent that asks a person before commands: node managed-agents.ts "Run: touch hello.txt"
import { createInterface } from 'node:readline/promises'
import Anthropic from '@anthropic-ai/sdk'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY = '' } = process.env
const baseURL = `${CLAUDE_CODE_API_URL}/doors/managed-agents`
const { agents, environments, sessions } = new Anthropic({ baseURL, apiKey: CLAUDE_API_KEY }).beta
const person = createInterface({ input: process.stdin })
const answers = person[Symbol.asyncIterator]()
const environment = await environments.create({ name: 'example' })
const bash = { name: 'bash', permission_policy: { type: 'always_ask' } } as const
const tools = [{ type: 'agent_toolset_20260401' as const, configs: [bash] }]
const agent = await agents.create({ name: 'Example', model: 'sonnet', tools })
const { id } = await sessions.create({ agent: agent.id, environment_id: environment.id })
const stream = await sessions.events.stream(id)
const content = [{ type: 'text' as const, text: process.argv[2] ?? 'Run: touch hello.txt' }]
await sessions.events.send(id, { events: [{ type: 'user.message', content }] })
for await (const event of stream) {
  if (event.type === 'agent.message') process.stdout.write(`Claude: ${JSON.stringify(event.content)}\n`)
  if (event.type === 'session.error') process.stdout.write(`${event.error.message}\n`)
  if (event.type === 'agent.tool_use' && event.evaluated_permission === 'ask') {
    process.stdout.write(`${event.name} ${JSON.stringify(event.input)} (yes or no) `)
    const { value: said } = await answers.next()
    const verdict = { tool_use_id: event.id, result: said === 'yes' ? 'allow' : 'deny' } as const
    await sessions.events.send(id, { events: [{ type: 'user.tool_confirmation', ...verdict }] })
  }
  if (event.type === 'session.status_idle' && event.stop_reason.type !== 'requires_action') break
}
person.close()
await sessions.delete(id)
await Promise.all([agents.archive(agent.id), environments.delete(environment.id)])

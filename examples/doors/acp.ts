// A client of the Agent Client Protocol on the terminal: node acp.ts "Create a file hello.txt"
import { createInterface } from 'node:readline/promises'
import { client, methods } from '@agentclientprotocol/sdk'
import { createHttpStream } from '@agentclientprotocol/sdk/experimental/http-client'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const person = createInterface({ input: process.stdin })
const answers = person[Symbol.asyncIterator]()
const app = client({ name: 'example' }).onRequest(
  methods.client.session.requestPermission,
  async ({ params: { toolCall, options } }) => {
    const choices = options.map(({ name }, index) => `  ${index + 1}: ${name}\n`).join('')
    for (;;) {
      process.stdout.write(`${toolCall.title}\n${choices}Number: `)
      const { value: number, done } = await answers.next()
      if (done) return { outcome: { outcome: 'cancelled' } }
      const chosen = options[Number(number) - 1]
      if (chosen) return { outcome: { outcome: 'selected', optionId: chosen.optionId } }
    }
  },
)
const headers = { Authorization: `Bearer ${CLAUDE_API_KEY}` }
const stream = createHttpStream(`${CLAUDE_CODE_API_URL}/doors/acp?workspace=empty`, { headers })
await app.connectWith(stream, async agent => {
  await agent.request(methods.agent.initialize, { protocolVersion: 1, clientCapabilities: {} })
  await agent.buildSession('/').withSession(async session => {
    session.prompt(process.argv[2] ?? 'Create a file hello.txt')
    process.stdout.write(`Claude: ${await session.readText()}\n`)
  })
})
person.close()

// A chat bot on the terminal, which asks a person for what Claude may not do: node approval-bot.ts "Run the tests"
import { createInterface } from 'node:readline/promises'
import { ClaudeCodeClient } from '../src/client/index.ts'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const client = new ClaudeCodeClient({ baseUrl: CLAUDE_CODE_API_URL, apiKey: CLAUDE_API_KEY })
const chat = createInterface({ input: process.stdin, output: process.stdout })
try {
  const session = await client.createSession({ permissionPrompts: 'ask' })
  const turn = await session.send(process.argv[2] ?? 'Create a file hello.txt', {
    onRequest: {
      async permission({ title, toolName, input }, { signal }) {
        const text = `${title ?? toolName}: ${JSON.stringify(input)} (yes or no) `
        return (await chat.question(text, { signal })) === 'yes' ? 'allow' : 'deny'
      },
    },
  })
  process.stdout.write(`Claude: ${turn.response}\n`)
} finally {
  chat.close()
}

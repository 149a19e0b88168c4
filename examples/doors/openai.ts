// A program for OpenAI's API; Claude Code answers, and calls its function: node openai.ts "What time is it here?"
import OpenAI from 'openai'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const client = new OpenAI({ baseURL: `${CLAUDE_CODE_API_URL}/doors/openai/v1`, apiKey: CLAUDE_API_KEY })

const runner = client.chat.completions.runTools({
  model: 'claude-code',
  stream: true,
  messages: [{ role: 'user', content: process.argv[2] ?? 'What time is it here?' }],
  tools: [
    {
      type: 'function',
      function: {
        name: 'now',
        description: 'The time here',
        parameters: { type: 'object', properties: {} },
        function: () => {
          process.stdout.write('Claude asks for the time\n')
          return new Date().toString()
        },
      },
    },
  ],
})
runner.on('content', piece => void process.stdout.write(piece))
await runner.done()
process.stdout.write('\n')

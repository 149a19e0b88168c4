// A tool and a hook of this program, which Claude Code on the server uses: node client-tools.ts "What is the weather in Oslo?"
import { ClaudeCodeClient } from '../src/client/index.ts'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const client = new ClaudeCodeClient({ baseUrl: CLAUDE_CODE_API_URL, apiKey: CLAUDE_API_KEY })
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const session = await client.createSession({
  clientTools: [
    { name: 'get_weather', description: 'The weather of a city', inputSchema: city, readOnly: true },
  ],
  clientHooks: { PreToolUse: [{ matcher: 'Bash', onFailure: 'block' }] },
})
const turn = await session.send(process.argv[2] ?? 'What is the weather in Oslo?', {
  onRequest: {
    clientTool: ({ input }) => ({ result: `Sunny in ${input.city}` }),
    hook: ({ hook, input }) => {
      const decision = String(input.command).startsWith('ls') ? 'allow' : 'deny'
      return { output: { hookSpecificOutput: { hookEventName: hook.event, permissionDecision: decision } } }
    },
  },
})
process.stdout.write(`Claude: ${turn.response}\n`)

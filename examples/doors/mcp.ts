// Claude Code as a tool of another agent, by MCP: node mcp.ts "Run the tests"
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const elicitation = { form: {} }
const client = new Client({ name: 'example', version: '1.0.0' }, { capabilities: { elicitation } })
client.setRequestHandler('elicitation/create', ({ params }) => {
  process.stdout.write(`Claude asks: ${params.message}\n`)
  return { action: 'accept', content: { decision: 'allow' } }
})
const requestInit = { headers: { authorization: `Bearer ${CLAUDE_API_KEY}` } }
const url = new URL(`${CLAUDE_CODE_API_URL}/doors/mcp`)
await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
const { structuredContent } = await client.callTool({ name: 'start_session', arguments: {} })
const { sessionId } = structuredContent as { sessionId: string }
const prompt = process.argv[2] ?? 'Create a file hello.txt'
const answer = await client.callTool(
  { name: 'prompt', arguments: { sessionId, prompt } },
  // Every sign of life begins the time for the next one.
  { onprogress: ({ message }) => void process.stdout.write(`  ${message}\n`), resetTimeoutOnProgress: true },
)
const [text] = answer.content
process.stdout.write(`Claude: ${text?.type === 'text' ? text.text : 'no text'}\n`)
await client.close()

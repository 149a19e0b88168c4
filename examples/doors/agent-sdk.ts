// A program for the Claude Agent SDK; only its first import has changed: node agent-sdk.ts "Create a file hello.txt"
import { createSdkMcpServer, query, tool } from '../../src/agent-sdk/index.ts'

const clock = createSdkMcpServer({
  name: 'clock',
  tools: [
    tool('now', 'The time here', {}, async () => ({ content: [{ type: 'text', text: `${new Date()}` }] })),
  ],
})
const conversation = query({
  prompt: process.argv[2] ?? 'Create a file hello.txt',
  options: {
    mcpServers: { clock },
    allowedTools: ['mcp__clock__now'],
    canUseTool: async (name, input) => {
      process.stdout.write(`Claude wants to use ${name}: ${JSON.stringify(input)}\n`)
      return { behavior: 'allow', updatedInput: input }
    },
  },
})
for await (const message of conversation) {
  if (message.type === 'result' && message.subtype === 'success')
    process.stdout.write(`Claude: ${message.result}\n`)
}

// A chat of the AI SDK on the terminal, which asks a person: node ui.ts "Create a file hello.txt"
import { createInterface } from 'node:readline/promises'
import { Chat } from '@ai-sdk/react'
import { DefaultChatTransport, getToolName, isToolUIPart, type UIMessage } from 'ai'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const chat = new Chat<UIMessage>({
  transport: new DefaultChatTransport({
    api: `${CLAUDE_CODE_API_URL}/doors/ui/chat`,
    headers: { Authorization: `Bearer ${CLAUDE_API_KEY}` },
  }),
  onError(error) {
    throw error
  },
})
const person = createInterface({ input: process.stdin })
const answers = person[Symbol.asyncIterator]()
await chat.sendMessage({ text: process.argv[2] ?? 'Create a file hello.txt' })
for (;;) {
  const calls = chat.lastMessage?.parts.filter(isToolUIPart) ?? []
  const call = calls.find(({ state }) => state === 'approval-requested')
  if (!call?.approval) break
  process.stdout.write(`${getToolName(call)} ${JSON.stringify(call.input)} (yes or no) `)
  const { value: said } = await answers.next()
  await chat.addToolApprovalResponse({ id: call.approval.id, approved: said === 'yes' })
  await chat.sendMessage()
}
person.close()
const texts = chat.lastMessage?.parts.flatMap(part => (part.type === 'text' ? part.text : []))
process.stdout.write(`Claude: ${texts?.at(-1)}\n`)

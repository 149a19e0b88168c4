// An agent of AG-UI on the terminal, which asks a person: node ag-ui.ts "Create a file hello.txt"
import { createInterface } from 'node:readline/promises'
import { HttpAgent, type ResumeEntry } from '@ag-ui/client'

const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
const agent = new HttpAgent({
  url: `${CLAUDE_CODE_API_URL}/doors/ag-ui`,
  headers: { Authorization: `Bearer ${CLAUDE_API_KEY}` },
})
agent.subscribe({
  onTextMessageContentEvent: ({ event }) => void process.stdout.write(event.delta),
  onToolCallEndEvent: ({ toolCallName, toolCallArgs }) =>
    void process.stdout.write(`\n${toolCallName} ${JSON.stringify(toolCallArgs)}\n`),
})
const person = createInterface({ input: process.stdin })
const answers = person[Symbol.asyncIterator]()
agent.addMessage({
  id: crypto.randomUUID(),
  role: 'user',
  content: process.argv[2] ?? 'Create a file hello.txt',
})
let resume: ResumeEntry[] | undefined
do {
  await agent.runAgent(resume ? { resume } : {})
  resume = []
  for (const { id, message } of agent.pendingInterrupts) {
    process.stdout.write(`${message} (yes or no) `)
    const approved = (await answers.next()).value === 'yes'
    resume.push({ interruptId: id, status: 'resolved', payload: { approved } })
  }
} while (resume.length > 0)
person.close()
process.stdout.write('\n')

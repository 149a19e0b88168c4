// A chat bot: each thread is a session, and buttons answer what Claude asks: node chat-bot/main.ts
// Type "a: hello" to write to the thread a, and "a! Allow" to press a button. The bot finds the sessions of its threads
// again after a restart.
import type { SessionClient } from '../../src/client/index.ts'
import { connect } from '../connect.ts'
import type { ChatAdapter } from './chat-adapter.ts'
import { TerminalChat } from './terminal-chat.ts'

const chat: ChatAdapter = new TerminalChat()
const client = connect()

const sessions = new Map<string, Promise<SessionClient>>()
for await (const { sessionId, metadata } of client.sessions({ status: 'active' })) {
  if (typeof metadata.thread === 'string' && !sessions.has(metadata.thread)) {
    sessions.set(metadata.thread, Promise.resolve(client.session(sessionId)))
  }
}

function sessionOf(thread: string): Promise<SessionClient> {
  const found = sessions.get(thread)
  if (found) return found
  const made = client.createSession({
    metadata: { thread },
    permissionPrompts: 'ask',
    title: `thread ${thread}`,
  })
  sessions.set(thread, made)
  made.catch(() => sessions.delete(thread))
  return made
}

async function answer(thread: string, prompt: string): Promise<void> {
  try {
    const session = await sessionOf(thread)
    const turn = await session.send(prompt, {
      onRequest: {
        async permission({ title, toolName, input }, { signal }) {
          const text = `${title ?? toolName}: ${JSON.stringify(input)}`
          const label = await chat.ask(thread, text, ['Allow', 'Deny'], signal)
          return label === 'Allow' ? 'allow' : { decision: 'deny', message: 'The person pressed Deny' }
        },
        async question({ questions }, { signal }) {
          const answers: Record<string, string> = {}
          for (const { question, options } of questions) {
            const labels = options.map(({ label }) => label)
            answers[question] = await chat.ask(thread, question, labels, signal)
          }
          return { decision: 'allow', answers }
        },
        async plan({ plan }, { signal }) {
          return (await chat.ask(thread, plan, ['Approve', 'Reject'], signal)) === 'Approve'
            ? 'allow'
            : 'deny'
        },
        // A form of an MCP server; this bot fills in none.
        elicitation: () => 'deny',
      },
    })
    await chat.post(thread, turn.response ?? `(no answer: ${turn.stopReason})`)
  } catch (error) {
    await chat.post(thread, `Something went wrong: ${(error as Error).message}`)
  }
}

// Threads do not wait for each other; a second message to a thread waits in the queue of its session.
const answering: Promise<void>[] = []
for await (const { thread, text } of chat.messages()) answering.push(answer(thread, text))
await Promise.all(answering)

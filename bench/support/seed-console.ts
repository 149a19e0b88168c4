import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { newSession, toWantedSpec } from '../../src/sessions/lifecycle/new-session.ts'
import { completeRequest } from '../../src/sessions/lifecycle/wanted-session.ts'
import { EventLog } from '../../src/sessions/log/event-log.ts'
import { type NewEvent, operator } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { messagesPerTurn, sampleTurn } from './sample-turn.ts'

const answer = (number: number) => `## Step ${number}

The clock is read **twice**: once before the wait and once after it. Three things follow:

- the first reading is kept in \`begun\`;
- the second one is compared with the bound;
- [the guide](https://example.com/${number}) says why.

\`\`\`ts
export async function within<T>(promise: Promise<T>, boundMs: number): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(reject, boundMs, new Error('late ${number}')))
  return Promise.race([promise, late])
}
\`\`\`

| reading | value |
|---|---|
| before | ${number} ms |
| after | ${number + 17} ms |
`

export interface Seeded {
  long: string
  short: string
}

/** The end of the last message of a seeded session, as the page shows it. */
export function lastHeadingOf(messages: number): string {
  return `Step ${Math.ceil(messages / messagesPerTurn) - 1}`
}

/** Writes what the console shows, the way the server writes: a long session, a short one, and many others. */
export async function seedConsole(
  dataDir: string,
  cwd: string,
  { messages, sessions }: { messages: number; sessions: number },
): Promise<Seeded> {
  mkdirSync(dataDir, { recursive: true })
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const log = new EventLog(store, messageReader)
  const caller = operator('bench')
  const sealer = createSealer([randomBytes(32)])
  const seed = async (title: string, turns: number) => {
    const id = randomUUID()
    const request = completeRequest({ title, model: 'claude-made-up' }, undefined, {})
    const wanted = toWantedSpec(caller, request, cwd)
    await store.createSession(newSession(caller, request, wanted, id, 3_600_000, sealer), [], sessions + 10)
    for (let turn = 0; turn < turns; turn += 50) {
      const count = Math.min(50, turns - turn)
      const events = Array.from({ length: count }, (_, index) => withMarkdown(turn + index, id, cwd)).flat()
      await log.commit({ tenantId: 'default', sessionId: id, at: Date.now(), events })
    }
    return id
  }
  for (let number = 0; number < sessions; number++) await seed(`Session ${number}`, 0)
  const long = await seed('A long session', Math.ceil(messages / messagesPerTurn))
  const short = await seed('A short session', 1)
  await store.close()
  return { long, short }
}

/** The sample's turn, with Markdown and code as its answer. */
function withMarkdown(number: number, id: string, cwd: string): NewEvent[] {
  return sampleTurn(number, id, cwd).map(event => {
    if (event.type !== 'message') return event
    const { message } = event.payload as { message: { message?: { content?: unknown } } }
    const content = message.message?.content
    if (Array.isArray(content) && content[0]?.type === 'text') content[0].text = answer(number)
    return event
  })
}

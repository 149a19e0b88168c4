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

/** Writes a session into a data directory that no server has, as the server writes; returns its id. */
export async function seedSession(
  dataDir: string,
  cwd: string,
  title: string,
  messages: readonly Record<string, unknown>[],
): Promise<string> {
  mkdirSync(dataDir, { recursive: true })
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const sessionId = randomUUID()
  const caller = operator('seed')
  const request = completeRequest({ title }, undefined, {})
  const sealer = createSealer([randomBytes(32)])
  const wanted = toWantedSpec(caller, request, cwd)
  await store.createSession(newSession(caller, request, wanted, sessionId, 3_600_000, sealer), [], 10)
  await store.close()
  await appendMessages(dataDir, sessionId, messages)
  return sessionId
}

/** Adds messages of no turn to a session in a data directory that no server has. */
export async function appendMessages(
  dataDir: string,
  sessionId: string,
  messages: readonly Record<string, unknown>[],
): Promise<void> {
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const log = new EventLog(store, messageReader)
  for (let start = 0; start < messages.length; start += 500) {
    const events = messages.slice(start, start + 500).map((message): NewEvent => {
      const id = randomUUID()
      const source = message.type === 'user' ? ('user' as const) : ('sdk' as const)
      return { type: 'message', turnId: null, payload: { id, source, message: { uuid: id, ...message } } }
    })
    await log.commit({ tenantId: 'default', sessionId, at: Date.now(), events })
  }
  await store.close()
}

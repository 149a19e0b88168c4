import { writeSync } from 'node:fs'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'

// Started by tests: commits to one session without end, several changes at a time, and writes each sequence that was
// acknowledged as a line of its own.
const [url = '', sessionId = '', leaseMs = ''] = process.argv.slice(2)
const store = await openPostgresStore({ url, leaseMs: Number(leaseMs) })
const session = sessionRecord({ id: sessionId })
await store.createSession(session, [], 1)

async function commitForever(): Promise<void> {
  for (;;) {
    const events = await store.commit(changeOf(session, { events: [messageEvent('a'), messageEvent('b')] }))
    writeSync(1, events.map(event => `${event.sequence}\n`).join(''))
  }
}
await Promise.all(Array.from({ length: 5 }, commitForever))

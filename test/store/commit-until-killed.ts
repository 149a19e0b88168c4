import { writeSync } from 'node:fs'
import { openStore } from '../../src/store/open-store.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'

// Started by crash.test.ts: commits to one session without end, several changes at a time, and writes each
// sequence that was acknowledged as a line of its own.
const [file = '', sessionId = ''] = process.argv.slice(2)
const store = await openStore({ file })
const session = sessionRecord({ id: sessionId })
await store.createSession(session, [], 1)

async function commitForever(): Promise<void> {
  for (;;) {
    const events = await store.commit(changeOf(session, { events: [messageEvent('a'), messageEvent('b')] }))
    writeSync(1, events.map(event => `${event.sequence}\n`).join(''))
  }
}
await Promise.all(Array.from({ length: 5 }, commitForever))

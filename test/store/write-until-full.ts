import { openStore } from '../../src/store/open-store.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'

// Started by crash.test.ts where files may not grow beyond a size: commits three large changes at a time until some
// are rejected, then a small one that fits into the room they left, and prints how it went.
const [file = '', sessionId = ''] = process.argv.slice(2)
const store = await openStore({ file })
const session = sessionRecord({ id: sessionId })
await store.createSession(session, [], 1)

const commit = (text: string) => store.commit(changeOf(session, { events: [messageEvent(text)] }))
let acknowledged = 0
let rejected = 0
for (let round = 0; round < 1_000 && rejected === 0; round++) {
  const results = await Promise.allSettled([1, 2, 3].map(() => commit('x'.repeat(100_000))))
  acknowledged += results.filter(result => result.status === 'fulfilled').length
  rejected += results.filter(result => result.status === 'rejected').length
}
await commit('small')
await store.close()
process.stdout.write(JSON.stringify({ acknowledged: acknowledged + 1, rejected }))

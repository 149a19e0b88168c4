import { expect, test } from 'vitest'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'

const round = () => new Promise(resolve => setImmediate(resolve))
/** Only a start can give a process another one. */
const change = { maxTurns: 5 }

/** Holds up the first call of a function of the store that is meant, until it is let through. */
function gate() {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  let isFirst = true
  const pass = async () => {
    if (!isFirst) return
    isFirst = false
    reached.resolve()
    await opened.promise
  }
  return { pass, reached: reached.promise, open: opened.resolve }
}

test('a turn is not given a process that another waiter has begun to replace', async () => {
  const { sessions, store, launcher, faults } = await openSessions()
  launcher.canReconfigure = false
  launcher.script = async ({ text }) => {
    for (let left = 50; left > 0; left--) await round()
    return text
  }
  const reading = gate()
  const { findSession } = store
  store.findSession = async (...given) => {
    await reading.pass()
    return findSession(...given)
  }
  const { session } = await sessions.create(caller, plain)
  // The warm process is being started with the configuration as it is.
  await reading.reached
  const { ended } = await sessions.submit(caller, session.id, promptOf('hello'))
  await sessions.patch(caller, session.id, change)
  await round()
  reading.open()
  expect((await ended).turn).toMatchObject({ status: 'completed', response: 'hello' })
  expect(launcher.launched.at(-1)).toMatchObject(change)
  expect(faults).toEqual([])
})

test('a failed start is reported, also when the configuration changes before the turn has it', async () => {
  const { sessions, store, launcher, faults } = await openSessions()
  const { session } = await sessions.create(caller, plain)
  await until(() => launcher.agents.size === 1)
  await round()
  // It could not take a prompt, as it turned out when nothing needed it.
  const [agent] = launcher.agents
  Object.assign(agent ?? {}, { startFailure: { reason: 'not_installed', message: 'install it' } })
  await agent?.close()
  const accepting = gate()
  const { commit } = store
  store.commit = async given => {
    if (given.insertTurn) await accepting.pass()
    return commit(given)
  }
  const submitted = sessions.submit(caller, session.id, promptOf('hello'))
  await accepting.reached
  await sessions.patch(caller, session.id, change)
  accepting.open()
  const { turn } = await (await submitted).ended
  expect([turn.status, turn.error?.reason]).toEqual(['failed', 'not_installed'])
  expect(faults).toEqual([])
  // The turn after it starts another process.
  const next = await sessions.submit(caller, session.id, promptOf('again'))
  expect((await next.ended).turn.status).toBe('completed')
})

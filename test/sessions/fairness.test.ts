import { describe, expect, test } from 'vitest'
import type { Caller } from '../../src/sessions/records.ts'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'
import { ScriptedLauncher } from '../support/scripted-launcher.ts'

const of = (tenantId: string, keyId: string): Caller => ({ ...caller, tenantId, keyId })

/** A server with one process. Turns run until the test ends them one by one; `order` has the prompts as they ran. */
async function openOneProcess() {
  const launcher = new ScriptedLauncher()
  const order: string[] = []
  const ends: (() => void)[] = []
  launcher.script = async ({ text, stopped }) => {
    order.push(text)
    await Promise.race([new Promise<void>(resolve => ends.push(resolve)), stopped])
    return text
  }
  const opened = await openSessions({
    launcher,
    maxLiveProcesses: 1,
    maxSessions: 1_000,
    maxWaitingTurns: 1_000,
  })
  const { sessions } = opened
  const open = async (owner: Caller) => (await sessions.create(owner, plain)).session.id
  const submit = (owner: Caller, sessionId: string, prompt: string) =>
    sessions.submit(owner, sessionId, promptOf(prompt))
  /** Ends the running turn, and waits for the next one. */
  const endOne = async () => {
    const count = order.length
    await until(() => ends.length > 0)
    ends.shift()?.()
    await until(() => order.length > count)
  }
  return { ...opened, order, open, submit, endOne }
}

describe('turns that wait for a process', () => {
  test("500 waiting turns of one tenant delay another tenant's first turn by at most one turn", async () => {
    const { open, submit, endOne, order, sessions } = await openOneProcess()
    // Ten keys with ten sessions each: five turns in every session.
    for (let index = 0; index < 100; index++) {
      const owner = of('large', `key-${index % 10}`)
      const id = await open(owner)
      for (let turn = 0; turn < 5; turn++) await submit(owner, id, 'large')
    }
    await until(() => order.length === 1)
    const small = of('small', 'key')
    await submit(small, await open(small), 'small')
    const { queuedTurns, waitingTurns } = sessions.figures()
    expect(queuedTurns + waitingTurns).toBe(500)
    await endOne()
    await endOne()
    expect(order.slice(1)).toContain('small')
  })

  test('a session with many waiting turns gives its process away between them, and gets its share', async () => {
    const { open, submit, endOne, order } = await openOneProcess()
    const [a, b] = [of('a', 'key'), of('b', 'key')]
    const [ofA, ofB] = [await open(a), await open(b)]
    for (const name of ['a1', 'a2', 'a3', 'a4']) await submit(a, ofA, name)
    for (const name of ['b1', 'b2']) await submit(b, ofB, name)
    await until(() => order.length === 1)
    for (let ended = 0; ended < 5; ended++) await endOne()
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4'])
  })

  test('keys of a tenant, and sessions of a key, are served in turn', async () => {
    const { open, submit, endOne, order } = await openOneProcess()
    const [one, other] = [of('a', 'one'), of('a', 'other')]
    const [x, y, z] = [await open(one), await open(one), await open(other)]
    for (const name of ['x1', 'x2', 'x3']) await submit(one, x, name)
    for (const name of ['y1', 'y2']) await submit(one, y, name)
    for (const name of ['z1', 'z2']) await submit(other, z, name)
    await until(() => order.length === 1)
    for (let ended = 0; ended < 6; ended++) await endOne()
    expect(order).toEqual(['x1', 'y1', 'z1', 'x2', 'z2', 'y2', 'x3'])
  })

  test('without others that wait a session keeps its process', async () => {
    const { open, submit, endOne, launcher } = await openOneProcess()
    const id = await open(caller)
    for (const name of ['1', '2', '3']) await submit(caller, id, name)
    await endOne()
    await endOne()
    expect(launcher.launched).toHaveLength(1)
  })

  test('a question beside the turns does not keep a process that others wait for', async () => {
    const { open, submit, endOne, order, sessions, launcher } = await openOneProcess()
    const [a, b] = [of('a', 'key'), of('b', 'key')]
    const [ofA, ofB] = [await open(a), await open(b)]
    await submit(a, ofA, 'a1')
    await submit(a, ofA, 'a2')
    await until(() => order.length === 1)
    const asked = Promise.withResolvers<void>()
    launcher.whenAsked = () => asked.promise
    const answer = sessions.conversation.listMcpServers(a, ofA)
    await submit(b, ofB, 'b1')
    const next = endOne()
    asked.resolve()
    await Promise.all([answer, next])
    await endOne()
    expect(order.toSorted()).toEqual(['a1', 'a2', 'b1'])
  })

  test('a full queue still takes turns of tenants and keys below their share', async () => {
    const { sessions } = await openSessions({ maxLiveProcesses: 1, maxSessions: 100, maxWaitingTurns: 4 })
    const submit = async (owner: Caller) => {
      const { session } = await sessions.create(owner, plain)
      await sessions.submit(owner, session.id, promptOf('hang'))
    }
    const full = { code: 'TURN_QUEUE_FULL' }
    for (let count = 0; count < 5; count++) await submit(of('a', 'one'))
    await expect(submit(of('a', 'one'))).rejects.toMatchObject(full)
    // Another key of the tenant: half of four. Another tenant: half of four as well.
    for (const [owner, share] of [
      [of('a', 'two'), 2],
      [of('b', 'one'), 2],
    ] as const) {
      for (let count = 0; count < share; count++) await submit(owner)
      await expect(submit(owner)).rejects.toMatchObject(full)
    }
    await expect(submit(of('a', 'one'))).rejects.toMatchObject(full)
  })
})

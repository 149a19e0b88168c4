import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ServiceError } from '../../src/contract/errors.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory, until } from '../support/open-sessions.ts'
import { playPrompt, ScriptedLauncher } from '../support/scripted-launcher.ts'

type Given = Parameters<typeof openSessions>[0]

async function open(given: Given = {}) {
  const launcher = new ScriptedLauncher()
  const described: string[] = []
  launcher.titleOf = description => {
    described.push(description)
    return `Title ${described.length}`
  }
  const opened = await openSessions({ launcher, ...given })
  const { sessions, store } = opened
  const create = async (fields: object = { titles: 'claude' }) =>
    (await sessions.create(caller, { ...plain, ...fields })).session.id
  const titleOf = async (id: string) => {
    const { title, titleSource } = (await sessions.get(caller, id)).session
    return [title, titleSource]
  }
  const titled = (id: string, title: string) => until(async () => (await titleOf(id))[0] === title)
  const updates = async (sessionId: string) => {
    const events = await store.listEvents('default', { sessionId, after: 0, limit: 100 })
    return events.flatMap(({ type, payload }) => (type === 'session.updated' ? [payload] : []))
  }
  return { ...opened, launcher, described, create, titleOf, titled, updates }
}

/** Answers to questions wait until they are let go. */
function holdAnswers(launcher: ScriptedLauncher) {
  const asked = Promise.withResolvers<void>()
  const answering = Promise.withResolvers<void>()
  launcher.whenAsked = () => {
    asked.resolve()
    return answering.promise
  }
  return { asked: asked.promise, answer: answering.resolve, fail: answering.reject }
}

test('a title comes after the first completed turn, in the session, the log and the search', async () => {
  const { ask, create, described, titled, titleOf, updates, sessions } = await open()
  const id = await create()
  await ask(id, 'hello')
  await titled(id, 'Title 1')
  expect(described).toEqual(['hello\n\nYou said: hello'])
  expect(await titleOf(id)).toEqual(['Title 1', 'claude'])
  expect(await updates(id)).toEqual([{ title: 'Title 1', titleSource: 'claude' }])
  const { hits } = await sessions.search.find(caller, { q: 'title', archived: 'all', limit: 10 })
  expect(hits).toMatchObject([{ sessionId: id, field: 'title' }])
  await ask(id, 'again')
  const { session: fork } = await sessions.branching.fork(caller, id, {})
  expect(fork).toMatchObject({ title: 'Title 1', titleSource: 'claude' })
  const { session: named } = await sessions.branching.fork(caller, id, { title: 'Mine' })
  expect(named).toMatchObject({ title: 'Mine', titleSource: 'caller' })
  expect(described).toHaveLength(1)
})

test('turns do not wait for a title, and one that is asked for is not asked for twice', async () => {
  const { ask, create, described, titled, launcher, updates } = await open()
  const id = await create()
  const { asked, answer } = holdAnswers(launcher)
  await ask(id, 'one')
  await asked
  const turn = await ask(id, 'two')
  expect(turn.status).toBe('completed')
  answer()
  await titled(id, 'Title 1')
  expect(described).toEqual(['one\n\nYou said: one'])
  expect(await updates(id)).toHaveLength(1)
})

test('the title of a caller wins, also when it comes while Claude Code is asked', async () => {
  const file = join(temporaryDirectory(), 'store.db')
  const { ask, create, launcher, sessions, close } = await open({ file })
  const id = await create()
  const { asked, answer } = holdAnswers(launcher)
  await ask(id, 'one')
  await asked
  await sessions.patch(caller, id, { title: 'Mine' })
  answer()
  await close()
  const { titleOf, updates } = await open({ file })
  expect(await titleOf(id)).toEqual(['Mine', 'caller'])
  expect(await updates(id)).toEqual([{ title: 'Mine', titleSource: 'caller' }])
})

test('nothing is asked without the setting, with a title, or after a turn that did not complete', async () => {
  const { ask, create, described, sessions, close } = await open()
  await ask(await create({}), 'hello')
  await ask(await create({ titles: 'off' }), 'hello')
  await ask(await create({ titles: 'claude', title: 'Mine' }), 'hello')
  const id = await create()
  await ask(id, 'die')
  const { turn } = await sessions.submit(caller, id, promptOf('hang'))
  await sessions.interrupt(caller, id, { turnId: turn.id, clearQueue: false })
  await sessions.whenTurnEnded(caller, id, turn.id, new AbortController().signal)
  await close()
  expect(described).toEqual([])
})

test('a failure or an empty answer is no fault: the next completed turn asks again', async () => {
  const { ask, create, described, launcher, titleOf, faults } = await open()
  const id = await create()
  const first = holdAnswers(launcher)
  await ask(id, 'one')
  await first.asked
  first.fail(new ServiceError('AGENT_UNAVAILABLE', 'no answer', { reason: 'process_unresponsive' }))
  launcher.whenAsked = undefined
  const titleOfSecond = launcher.titleOf
  launcher.titleOf = description => {
    titleOfSecond(description)
    return null
  }
  for (let number = 2; described.length === 0; number++) await ask(id, `empty ${number}`)
  expect(await titleOf(id)).toEqual([null, null])
  launcher.titleOf = titleOfSecond
  for (let number = 1; (await titleOf(id))[0] === null; number++) await ask(id, `more ${number}`)
  // More than one turn may have been answered without a title.
  expect(described.length).toBeGreaterThan(1)
  expect(await titleOf(id)).toEqual([`Title ${described.length}`, 'claude'])
  expect(faults).toEqual([])
})

test('the server can have sessions titled that do not say otherwise', async () => {
  const { ask, create, titled, titleOf, sessions } = await open({ sessionTitles: 'claude' })
  const [id, plainOne] = [await create({}), await create({ titles: 'off' })]
  expect((await sessions.get(caller, id)).session.settings.titles).toBe('claude')
  await ask(plainOne, 'hello')
  await ask(id, 'hello')
  await titled(id, 'Title 1')
  expect(await titleOf(plainOne)).toEqual([null, null])
})

test('the setting and the title can be changed; without a title the next turn asks again', async () => {
  const { ask, create, described, sessions, titled, titleOf, updates } = await open()
  const id = await create({})
  await ask(id, 'one')
  await sessions.patch(caller, id, { titles: 'claude' })
  expect(described).toEqual([])
  await ask(id, 'two')
  await titled(id, 'Title 1')
  await sessions.patch(caller, id, { title: null })
  expect(await titleOf(id)).toEqual([null, null])
  await ask(id, 'three')
  await titled(id, 'Title 2')
  expect(await updates(id)).toEqual([
    { titles: 'claude' },
    { title: 'Title 1', titleSource: 'claude' },
    { title: null, titleSource: null },
    { title: 'Title 2', titleSource: 'claude' },
  ])
  const { session } = await sessions.patch(caller, id, { titles: null })
  expect(session.settings).not.toHaveProperty('titles')
})

test('a restart while a title is asked for loses the title alone, and the next turn asks again', async () => {
  const file = join(temporaryDirectory(), 'store.db')
  const before = await open({ file })
  const id = await before.create()
  const { asked } = holdAnswers(before.launcher)
  const turn = await before.ask(id, 'one')
  expect(turn.status).toBe('completed')
  await asked
  await before.close()
  expect(before.faults).toEqual([])
  const after = await open({ file })
  expect(await after.updates(id)).toEqual([])
  await after.ask(id, 'two')
  await after.titled(id, 'Title 1')
})

test('a session whose slot others wait for asks nothing', async () => {
  const { ask, create, described, launcher, sessions } = await open({ maxLiveProcesses: 1 })
  const [id, other] = [await create(), await create({})]
  const end = Promise.withResolvers<void>()
  launcher.script = async scene => {
    if (scene.text === 'long') await end.promise
    return playPrompt(scene)
  }
  const { turn } = await sessions.submit(caller, id, promptOf('long'))
  const waiting = ask(other, 'waiting')
  await until(() => sessions.figures().waitingTurns === 1)
  end.resolve()
  await sessions.whenTurnEnded(caller, id, turn.id, new AbortController().signal)
  expect((await waiting).status).toBe('completed')
  expect(described).toEqual([])
})

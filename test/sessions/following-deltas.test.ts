import { expect, onTestFinished, test } from 'vitest'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import type { DeltaEvent } from '../../src/contract/events.ts'
import { EventLog } from '../../src/sessions/log/event-log.ts'
import type { FollowRequest, LogItem } from '../../src/sessions/log/log-item.ts'
import type { NewEvent } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { sessionRecord, turnRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { random } from '../support/random.ts'

const forever = new AbortController().signal
const tick = () => new Promise(resolve => setImmediate(resolve))

/** A log with one session and one running turn. */
async function openLog() {
  const store = await openStore({ file: `${temporaryDirectory()}/store.db` })
  onTestFinished(() => store.close())
  const session = sessionRecord()
  await store.createSession(session, [], 10)
  const log = new EventLog(store, messageReader)
  const turn = turnRecord(session, { status: 'running' })
  const { id: sessionId, tenantId } = session
  const commit = (...events: NewEvent[]) => log.commit({ tenantId, sessionId, at: 1_000, events })
  await log.commit({ tenantId, sessionId, at: 1_000, insertTurn: turn, events: [queued(turn.id)] })
  const text = (messageId: string, blockIndex: number, piece: string) =>
    log.publishDelta(sessionId, {
      turnId: turn.id,
      messageId,
      blockIndex,
      delta: { type: 'text', text: piece },
    })
  /** Claude Code's message of one finished block. */
  const finish = (messageId: string, said: string, type = 'text') =>
    commit(message(turn.id, messageId, [{ type, text: said }]))
  const end = () => commit({ type: 'turn.completed', turnId: turn.id, payload: {} } as NewEvent)
  const follow = (more: Partial<FollowRequest> = {}) =>
    log.follow(session, { after: 0, includeDeltas: true, signal: forever, ...more })[Symbol.asyncIterator]()
  return { log, store, session, turn, commit, text, finish, end, follow }
}

const queued = (turnId: string): NewEvent => ({ type: 'turn.queued', turnId, payload: { status: 'queued' } })

function message(turnId: string, id: string, content: object[]): NewEvent {
  const inner = { type: 'assistant', message: { id, role: 'assistant', content }, parent_tool_use_id: null }
  return { type: 'message', turnId, payload: { id: crypto.randomUUID(), source: 'sdk', message: inner } }
}

type Reading = AsyncIterator<LogItem>

async function next(reading: Reading): Promise<LogItem> {
  const { value, done } = await reading.next()
  if (done) throw new Error('the reader has ended')
  return value
}

async function nextUntil(reading: Reading, kind: LogItem['kind']): Promise<LogItem[]> {
  const items = [await next(reading)]
  while (items.at(-1)?.kind !== kind) items.push(await next(reading))
  return items
}

function pieceOf(item: LogItem | undefined): string {
  if (item?.kind !== 'delta') return `no delta but ${item?.kind}`
  return textOf(item.delta)
}

const textOf = ({ delta }: DeltaEvent) => (delta.type === 'text' ? delta.text : `not text but ${delta.type}`)

test('who comes in the middle of a message gets what was generated so far, after caught_up', async () => {
  const { text, follow, finish } = await openLog()
  text('m', 0, 'one ')
  text('m', 0, 'two ')
  const reading = follow()
  expect((await nextUntil(reading, 'caught_up')).map(({ kind }) => kind)).toEqual(['event', 'caught_up'])
  text('m', 0, 'three ')
  expect(pieceOf(await next(reading))).toBe('one two ')
  expect(pieceOf(await next(reading))).toBe('three ')
  await finish('m', 'one two three ')
  expect(await next(reading)).toMatchObject({ kind: 'event', event: { type: 'message' } })
})

test('what is a message already does not come as a delta', async () => {
  const { text, follow, finish } = await openLog()
  text('m', 0, 'first')
  text('m', 1, 'second')
  const committed = finish('m', 'first')
  // In the store or on the way there: either way it comes as the event.
  const early = follow()
  await nextUntil(early, 'caught_up')
  await committed
  const late = follow()
  await nextUntil(late, 'caught_up')
  expect(await next(late)).toMatchObject({ kind: 'delta', delta: { blockIndex: 1 } })
  const items = [await next(early), await next(early)].filter(({ kind }) => kind === 'delta')
  expect(items).toMatchObject([{ delta: { blockIndex: 1, delta: { text: 'second' } } }])
})

test('text, thinking and input of tools are kept apart', async () => {
  const { log, session, turn, text, follow, finish } = await openLog()
  const think = (thinking: string) =>
    log.publishDelta(session.id, {
      turnId: turn.id,
      messageId: 'm',
      blockIndex: 0,
      delta: { type: 'thinking', thinking },
    })
  const input = (partialJson: string) =>
    log.publishDelta(session.id, {
      turnId: turn.id,
      messageId: 'm',
      blockIndex: 2,
      delta: { type: 'input_json', partialJson, toolUseId: 'toolu_1', toolName: 'Bash' },
    })
  think('hm')
  think('m')
  text('m', 1, 'So')
  input('')
  input('{"a":')
  const reading = follow()
  await nextUntil(reading, 'caught_up')
  const deltas = [await next(reading), await next(reading), await next(reading)]
  expect(deltas.map(item => item.kind === 'delta' && item.delta.delta)).toEqual([
    { type: 'thinking', thinking: 'hmm' },
    { type: 'text', text: 'So' },
    { type: 'input_json', partialJson: '{"a":', toolUseId: 'toolu_1', toolName: 'Bash' },
  ])
  await finish('m', 'hmm', 'thinking')
  await finish('m', 'So')
  const late = follow()
  await nextUntil(late, 'caught_up')
  expect(await next(late)).toMatchObject({ delta: { blockIndex: 2 } })
})

test('the end of the turn forgets what was never finished; a turn that is only cancelled does not', async () => {
  const { text, follow, end, commit, store, session } = await openLog()
  text('m', 0, 'never finished')
  const other = turnRecord(session)
  await store.commit({
    tenantId: session.tenantId,
    sessionId: session.id,
    at: 1,
    insertTurn: other,
    events: [],
  })
  await commit({ type: 'turn.interrupted', turnId: other.id, payload: {} } as NewEvent)
  const before = follow()
  await nextUntil(before, 'caught_up')
  expect(pieceOf(await next(before))).toBe('never finished')
  await end()
  const after = follow()
  await nextUntil(after, 'caught_up')
  text('n', 0, 'new')
  expect(pieceOf(await next(after))).toBe('new')
  await next(before)
  expect(pieceOf(await next(before))).toBe('new')
})

test('a write that fails and is tried again finishes one block, not two', async () => {
  const { log, store, session, turn, text, follow } = await openLog()
  text('m', 0, 'a')
  text('m', 1, 'b')
  const change = {
    tenantId: session.tenantId,
    sessionId: session.id,
    at: 1,
    events: [message(turn.id, 'm', [{ type: 'text', text: 'a' }])],
  }
  const { commit } = store
  store.commit = () => Promise.reject(new Error('the disk is full'))
  await expect(log.commit(change)).rejects.toThrow('full')
  store.commit = commit
  await log.commit(change)
  const reading = follow()
  await nextUntil(reading, 'caught_up')
  expect(pieceOf(await next(reading))).toBe('b')
})

test('a burst that is read from the store again misses nothing of the text, and has nothing twice', async () => {
  const { text, follow, commit } = await openLog()
  const reading = follow()
  await nextUntil(reading, 'caught_up')
  text('m', 0, 'before ')
  expect(pieceOf(await next(reading))).toBe('before ')
  const waiting = next(reading)
  // As JSON more than a reader may hold, as text less than is kept.
  for (let index = 0; index < 20; index++) text('m', 0, '\n'.repeat(40_000))
  await commit({ type: 'session.updated', turnId: null, payload: {} })
  text('m', 0, ' after')
  const items = [await waiting, await next(reading), await next(reading)]
  const deltas = items.filter(({ kind }) => kind === 'delta')
  expect(deltas).toHaveLength(2)
  expect(deltas.map(pieceOf).join('')).toBe(`${'\n'.repeat(800_000)} after`)
})

test('of a block that is too long to be kept, who comes late gets the message and no piece', async () => {
  const { text, follow, finish } = await openLog()
  const early = follow()
  await nextUntil(early, 'caught_up')
  text('m', 0, 'small')
  text('m', 1, 'x'.repeat(900_000))
  expect(pieceOf(await next(early))).toBe('small')
  expect(pieceOf(await next(early))).toHaveLength(900_000)
  text('m', 1, 'y'.repeat(200_000))
  const late = follow()
  await nextUntil(late, 'caught_up')
  text('m', 1, 'z')
  text('m', 2, 'next')
  expect(pieceOf(await next(late))).toBe('small')
  expect(pieceOf(await next(late))).toBe('next')
  expect(pieceOf(await next(early))).toHaveLength(200_000)
  expect(pieceOf(await next(early))).toBe('z')
  await finish('m', 'small')
  expect(await next(late)).toMatchObject({ kind: 'event' })
})

test('a reader that is opened and never read, or left in the middle, is not kept', async () => {
  const { log, follow } = await openLog()
  const leaving = new AbortController()
  follow()
  expect(log.figures().readers).toBe(0)
  const reading = follow({ signal: leaving.signal })
  await next(reading)
  expect(log.figures().readers).toBe(1)
  leaving.abort()
  expect(log.figures().readers).toBe(0)
  const returning = follow()
  await next(returning)
  await returning.return?.()
  expect(log.figures().readers).toBe(0)
})

test.each(Array.from({ length: 30 }, (_, seed) => seed))('any order of things, seed %i', async seed => {
  const { pick, chance } = random(seed)
  const { text, finish, end, follow, log } = await openLog()
  const texts = new Map<string, string>()
  const open: { messageId: string; blocks: number[] } = { messageId: 'm0', blocks: [] }
  const finished = new Set<string>()
  const commits: Promise<unknown>[] = []
  const readers: Promise<LogItem[]>[] = []
  const read = async (): Promise<LogItem[]> => {
    const items: LogItem[] = []
    const reading = follow()
    for (;;) {
      const item = await next(reading)
      items.push(item)
      if (item.kind === 'event' && item.event.type === 'turn.completed') break
      if (chance(0.2)) await tick()
    }
    await reading.return?.()
    return items
  }
  for (let step = 0; step < 200; step++) {
    const what = pick(['text', 'text', 'text', 'text', 'finish', 'reader', 'tick', 'message'])
    if (what === 'text') {
      const index = chance(0.8) ? open.blocks.length - 1 : open.blocks.length
      const block = Math.max(index, 0)
      open.blocks[block] = block
      const key = `${open.messageId} ${block}`
      // Claude Code's blocks come one after the other; one that is finished does not grow.
      if (finished.has(key)) continue
      const piece = `${step} `
      texts.set(key, (texts.get(key) ?? '') + piece)
      text(open.messageId, block, piece)
    } else if (what === 'finish') {
      const block = open.blocks.find(index => !finished.has(`${open.messageId} ${index}`))
      if (block === undefined) continue
      finished.add(`${open.messageId} ${block}`)
      commits.push(finish(open.messageId, texts.get(`${open.messageId} ${block}`) ?? ''))
    } else if (what === 'message' && chance(0.2)) {
      open.messageId = `m${step}`
      open.blocks = []
    } else if (what === 'reader') {
      readers.push(read())
    } else if (what === 'tick') {
      await tick()
    }
  }
  readers.push(read())
  await tick()
  await Promise.all(commits)
  await end()
  for (const items of await Promise.all(readers)) {
    const sequences = items.flatMap(item => (item.kind === 'event' ? [item.event.sequence] : []))
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
    const heard = new Map<string, string>()
    const done = new Map<string, number>()
    for (const item of items) {
      if (item.kind === 'delta') {
        const { messageId, blockIndex } = item.delta
        // Nothing of a block comes after its message.
        expect(blockIndex).toBeGreaterThanOrEqual(done.get(messageId) ?? 0)
        const key = `${messageId} ${blockIndex}`
        heard.set(key, (heard.get(key) ?? '') + textOf(item.delta))
      } else if (item.kind === 'event' && item.event.type === 'message') {
        const { message: inner } = item.event.payload.message as { message: { id: string } }
        done.set(inner.id, (done.get(inner.id) ?? 0) + 1)
      }
    }
    for (const [key, said] of heard) expect(said).toBe(texts.get(key))
  }
  expect(log.figures().readers).toBe(0)
})

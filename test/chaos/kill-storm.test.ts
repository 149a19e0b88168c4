import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextRound, setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createClient, parseFrames } from '../support/client.ts'
import { stormLength } from '../support/lanes.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'
import { random } from '../support/random.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

/** A longer storm, or the same one again: `CHAOS_KILLS=600 CHAOS_SEED=7 npm run test:long -- test/chaos/kill-storm.test.ts`. */
const { CHAOS_KILLS, CHAOS_SEED } = process.env
const kills = stormLength(CHAOS_KILLS, { short: 6, long: 8 })
const seed = Number(CHAOS_SEED ?? 8)
const turnsOfEach = Math.min(30, kills * 1.5)
const sessionCount = Math.min(6, Math.ceil(kills / 10))
const key = 'key-of-the-storm'

interface Known {
  id: string
  /** Acknowledged turns with the fact that Claude was asked to remember. */
  turns: Map<string, string>
  /** Facts that Claude Code had in its own file, whatever became of their turns. */
  written: Set<string>
  /** Newest sequence that a reader has seen. */
  seen: number
}

async function open(options: object, env: Record<string, string>) {
  const cli = openServerProgram(options, env)
  const said = await cli.said(/listening on \S+/)
  return { cli, ...createClient(`${/listening on (\S+)/.exec(said)?.[1]}/api/v1`, key) }
}
type Server = Awaited<ReturnType<typeof open>>

async function create(server: Server): Promise<Known> {
  return { id: await server.createSession(), turns: new Map(), written: new Set(), seen: 0 }
}

/** Sends prompts in the background; stops when the server has gone. */
async function send(server: Server, known: Known, count: number): Promise<void> {
  for (let sent = 0; sent < count && known.turns.size < turnsOfEach; sent++) {
    const fact = factOf(known)
    const { status, body } = await server.ask(known.id, `Remember that ${fact}`, { background: true })
    if (status !== 202) return
    known.turns.set(body.turnId, fact)
  }
}

/** Sends a prompt and reads its stream, as far as it comes. */
async function stream(server: Server, known: Known): Promise<void> {
  const fact = factOf(known)
  const response = await server.send('POST', `/sessions/${known.id}/stream`, {
    prompt: `Remember that ${fact}`,
    onDisconnect: 'continue',
  })
  for await (const { id, event, data } of parseFrames(response)) {
    if (event === 'connected') known.turns.set(String(data.turnId), fact)
    if (id !== undefined) known.seen = Math.max(known.seen, Number(id))
  }
}

function factOf({ id, turns }: Known): string {
  return `item ${turns.size} is called ${id.slice(0, 4)}-${turns.size}`
}

async function read(server: Server, known: Known): Promise<void> {
  const init = known.seen > 0 ? { headers: { 'last-event-id': String(known.seen) } } : {}
  const response = await server.send('GET', `/sessions/${known.id}/events`, undefined, init)
  for await (const { id } of parseFrames(response)) {
    if (id !== undefined) known.seen = Math.max(known.seen, Number(id))
  }
}

/**
 * Resolves as soon as Claude Code has written the first prompt into its own file: it is not in the store yet, and a
 * kill at this moment tears the conversation in two.
 */
async function firstPrompt(home: string, known: Known): Promise<void> {
  const end = performance.now() + 60_000
  const [fact = ''] = known.turns.values()
  for (;;) {
    const [file] = globSync(join(home, '.claude', 'projects', '*', `${known.id}.jsonl`))
    if (file !== undefined && readFileSync(file, 'utf8').includes(fact)) break
    if (performance.now() > end) throw new Error(`Claude Code has written no prompt of ${known.id}`)
    await nextRound()
  }
  known.written.add(fact)
}

test(`${kills} times kill -9: each turn ends, no log has a hole, each session works and remembers (seed ${seed})`, async () => {
  const { below } = random(seed)
  const model = await openModel()
  const home = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), CLAUDE_API_KEY: key }
  const options = {
    dataDir: join(home, 'data'),
    defaultCwd: home,
    maxLiveProcesses: 3,
    drainTimeoutMs: 0,
    keepSpareProcess: false,
    rateLimit: { enabled: false },
  }
  const sessions: Known[] = []
  const killed: number[] = []
  for (let life = 0; life < kills; life++) {
    const server = await open(options, env)
    const isFirst = sessions.length <= (life * sessionCount) / kills
    if (isFirst) sessions.push(await create(server))
    const known = isFirst ? sessions.at(-1) : sessions[below(sessions.length)]
    if (!known) throw new Error('no session')
    const sending = send(server, known, isFirst ? 1 : 3 + below(3))
    const calls: Promise<unknown>[] = [sending]
    if (below(2) === 0) calls.push(read(server, known))
    if (isFirst) {
      await sending
      await firstPrompt(home, known)
      await pause(below(3) * 2)
    } else {
      await sending
      if (below(3) === 0 && known.turns.size < turnsOfEach) calls.push(stream(server, known))
      await pause(below(1_200))
      if (below(5) === 0) {
        const clearQueue = below(2) === 0
        calls.push(server.call('POST', `/sessions/${known.id}/interrupt`, { clearQueue }))
        await pause(below(100))
      }
    }
    const over = Promise.allSettled(calls)
    killed.push(...claudesOf(server.cli.child.pid))
    server.cli.child.kill('SIGKILL')
    await server.cli.ended
    await over
  }

  const server = await open(options, env)
  const waiting = [...sessions]
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await check(server, next)
  }
  await Promise.all([work(), work(), work()])
  expect(sessions).toHaveLength(sessionCount)
  await until(() => killed.every(pid => !existsSync(`/proc/${pid}`)))
  server.cli.child.kill('SIGTERM')
  expect(await server.cli.ended).toBe(0)
}, 1_800_000)

/** What must hold of a session, however often its server was killed. */
async function check(server: Server, known: Known): Promise<void> {
  const where = `seed ${seed}, session ${known.id}`
  while (known.turns.size < turnsOfEach) {
    const fact = factOf(known)
    const { status, body } = await server.ask(known.id, `Remember that ${fact}`)
    expect({ status, body }, where).toMatchObject({ status: 200 })
    known.turns.set(body.turnId, fact)
  }
  const remembered = [...known.written]
  for (const [turnId, fact] of known.turns) {
    // The events of one turn end with it.
    await (await server.send('GET', `/sessions/${known.id}/events?turnId=${turnId}`)).text()
    const { body } = await server.call('GET', `/sessions/${known.id}/turns/${turnId}`)
    if (body.status === 'completed') remembered.push(fact)
    else expect(['lost', 'interrupted', 'cancelled'], where).toContain(body.status)
  }
  const answer = await server.ask(known.id, 'What do you remember of me?')
  expect(answer, where).toMatchObject({ status: 200 })
  for (const fact of remembered) expect(answer.body.response, where).toContain(fact)
  const { sequences, losses } = await readLog(server, known.id)
  expect(sequences, where).toEqual(sequences.map((_, index) => index + 1))
  expect(sequences.length, where).toBeGreaterThanOrEqual(known.seen)
  // Both copies were there all the time, if in part.
  expect(losses, where).toEqual([])
}

async function readLog(server: Server, id: string) {
  const leaving = new AbortController()
  const response = await server.send('GET', `/sessions/${id}/events`, undefined, { signal: leaving.signal })
  const sequences: number[] = []
  const losses: unknown[] = []
  for await (const frame of parseFrames(response)) {
    if (frame.event === 'caught_up') break
    sequences.push(Number(frame.id))
    if (frame.event === 'conversation.lost') losses.push(frame.data)
  }
  leaving.abort()
  return { sequences, losses }
}

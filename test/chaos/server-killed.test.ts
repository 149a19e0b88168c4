import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isTerminal } from '../../src/sessions/turn-states.ts'
import { createClient, parseFrames } from '../support/client.ts'
import { type Cli, openServerProgram } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const key = 'key-of-the-chaos'
const lives = 6
const callers = 4

/** A small generator, so that a failure can be seen again by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

/** What the server said that it has taken. */
interface Acknowledged {
  sessions: Set<string>
  turns: Map<string, string>
  /** Newest sequence that was seen of a session. */
  seen: Map<string, number>
  answered: Map<string, string>
}

async function open(options: object, env: Record<string, string>) {
  const cli = openServerProgram(options, env)
  const said = await cli.said(/listening on \S+/)
  const base = `${/listening on (\S+)/.exec(said)?.[1]}/api/v1`
  return { cli, ...createClient(base, key) }
}
type Server = Awaited<ReturnType<typeof open>>

/** Creates, sends, streams and interrupts until the server is gone; notes all that was acknowledged. */
async function call(server: Server, random: (below: number) => number, known: Acknowledged): Promise<void> {
  try {
    for (;;) {
      const ids = [...known.sessions]
      const id = ids[random(ids.length)]
      const action = random(5)
      if (id === undefined || (action === 0 && ids.length < 6))
        known.sessions.add(await server.createSession())
      else if (action === 1) {
        const { status, body } = await server.ask(id, `What is ${random(100)} times 2?`)
        if (status === 200) known.answered.set(body.turnId, id)
      } else if (action === 2) {
        const { status, body } = await server.ask(id, 'Count slowly to 3', { background: true })
        if (status === 202) known.turns.set(body.turnId, id)
      } else if (action === 3) await follow(server, id, known)
      else await server.call('POST', `/sessions/${id}/interrupt`, { clearQueue: random(4) === 0 })
    }
  } catch {
    // The connection broke: the server is gone, which is what this is about.
  }
}

async function follow(server: Server, id: string, known: Acknowledged): Promise<void> {
  const response = await server.send('POST', `/sessions/${id}/stream`, {
    prompt: 'Count slowly to 3',
    onDisconnect: 'continue',
  })
  if (!response.ok) return void (await response.text())
  for await (const frame of parseFrames(response)) {
    if (frame.event === 'connected') known.turns.set(String(frame.data.turnId), id)
    if (frame.id !== undefined) known.seen.set(id, Math.max(known.seen.get(id) ?? 0, Number(frame.id)))
  }
}

/** What must hold however the server ended. */
async function check(server: Server, known: Acknowledged): Promise<void> {
  for (const id of known.sessions) {
    const session = await server.call('GET', `/sessions/${id}`)
    expect(session.status).toBe(200)
    expect(session.body.lastSequence).toBeGreaterThanOrEqual(known.seen.get(id) ?? 0)
    const response = await server.send('GET', `/sessions/${id}/events`)
    const sequences: number[] = []
    for await (const frame of parseFrames(response)) {
      if (frame.event === 'caught_up') break
      sequences.push(Number(frame.id))
    }
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
  }
  for (const [turnId, id] of [...known.turns, ...known.answered]) {
    const turn = await server.call('GET', `/sessions/${id}/turns/${turnId}`)
    expect(turn.status).toBe(200)
    if (known.answered.has(turnId)) expect(['completed', 'interrupted']).toContain(turn.body.status)
  }
}

test('kill -9 at any moment: nothing acknowledged is missing, no session is stuck, no process is left', async () => {
  const seed = Date.now() % 1_000_000
  const random = randomOf(seed)
  const model = await openModel()
  const home = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), CLAUDE_API_KEY: key }
  const options = {
    dataDir: join(home, 'data'),
    defaultCwd: home,
    maxLiveProcesses: 4,
    drainTimeoutMs: 0,
    rateLimit: { enabled: false },
  }
  const known: Acknowledged = { sessions: new Set(), turns: new Map(), seen: new Map(), answered: new Map() }
  let server = await open(options, env)
  const killed: number[] = []
  for (let life = 0; life < lives; life++) {
    const calling = Array.from({ length: callers }, () => call(server, random, known))
    // A moment that is not tied to anything that the server does.
    await new Promise(resolve => setTimeout(resolve, 300 + random(1_500)))
    killed.push(...claudesOf(pidOf(server.cli)))
    server.cli.child.kill('SIGKILL')
    await server.cli.ended
    await Promise.all(calling)
    server = await open(options, env)
    await check(server, known)
  }
  expect(known.turns.size + known.answered.size, `seed ${seed}`).toBeGreaterThan(0)
  // What was waiting runs to its end; every session takes a new turn.
  for (const [turnId, id] of known.turns) {
    // The events of one turn end with it.
    await (await server.send('GET', `/sessions/${id}/events?turnId=${turnId}`)).text()
    expect(isTerminal((await server.call('GET', `/sessions/${id}/turns/${turnId}`)).body.status)).toBe(true)
  }
  for (const id of known.sessions) {
    expect(await server.ask(id, 'What is 6 times 7?'), `seed ${seed}`).toMatchObject({
      status: 200,
      body: { response: expect.stringContaining('42') },
    })
  }
  await until(() => killed.every(pid => !existsSync(`/proc/${pid}`)))
  server.cli.child.kill('SIGTERM')
  expect(await server.cli.ended).toBe(0)
}, 240_000)

function pidOf({ child }: Cli): number {
  if (child.pid === undefined) throw new Error('the server has no pid')
  return child.pid
}

import { setTimeout as wait } from 'node:timers/promises'
import type { TurnStatus } from '../../src/contract/turns.ts'
import { isTerminal } from '../../src/sessions/turns/turn.ts'
import { claudesOf, kill } from '../../test/support/processes.ts'
import type { Answer, Caller } from './caller.ts'

/** What happens during a soak, and what came of it. */
export interface Ledger {
  /** Turns that the server said it has taken, with their sessions. */
  readonly acknowledged: Map<string, string>
  /** How often each kind of thing was done. */
  readonly done: Map<string, number>
  /** Things that went otherwise than they have to, counted by what they were. */
  readonly unexpected: Map<string, number>
  sent: number
  killed: number
}

export interface Stage {
  caller: Caller
  ledger: Ledger
  /** The server, whose children may be killed. */
  serverPid: number
}

type Action = (stage: Stage, session: string) => Promise<void>

const slow = 'Count slowly to 30'
/** An interrupt may need its whole ladder; then the session has to be usable. */
const settleBoundMs = 12_000

/** Kinds of things with how often they are done, in a hundred. */
const actions: [name: string, share: number, action: Action][] = [
  ['answered', 60, askWhole],
  ['streamed', 15, streamWhole],
  ['two at once', 4, (stage, session) => both(askWhole(stage, session), askWhole(stage, session))],
  ['interrupted', 7, interrupt],
  ['timed out', 5, timeOut],
  ['stream cut', 4, cutStream],
  ['request cut', 2, cutRequest],
  ['process killed', 3, killProcess],
]

export const actionNames = actions.map(([name]) => name)

/** One thing at random, or the one that is named. */
export async function act(stage: Stage, session: string, name?: string): Promise<void> {
  const chosen = name === undefined ? choose() : actions.find(([known]) => known === name)
  if (!chosen) throw new Error(`no such action: ${name}`)
  const [kind, , action] = chosen
  count(stage.ledger.done, kind)
  try {
    await action(stage, session)
  } catch (error) {
    count(stage.ledger.unexpected, `${kind}: ${error instanceof Error ? error.message : error}`.slice(0, 200))
  }
}

function choose() {
  let left = Math.random() * 100
  return actions.find(([, share]) => {
    left -= share
    return left < 0
  })
}

async function askWhole(stage: Stage, session: string): Promise<void> {
  const [left, right] = [random(1, 99), random(1, 99)]
  const answer = await send(stage, session, { prompt: `What is ${left} times ${right}?` })
  const said = answer.status === 200 && answer.body.response.includes(`is ${left * right}.`)
  if (!said) throw new Error(`${answer.status} ${answer.body.error?.code ?? 'wrong answer'}`)
}

async function streamWhole({ caller, ledger }: Stage, session: string): Promise<void> {
  ledger.sent++
  let last = ''
  const body = { prompt: 'What is 6 times 7?', includeDeltas: true }
  await caller.follow('POST', `/sessions/${session}/stream`, body, ({ event, data }) => {
    if (event === 'connected') ledger.acknowledged.set(JSON.parse(data).turnId, session)
    last = event
  })
  if (last !== 'complete') throw new Error(`a stream ended with ${last}`)
}

async function interrupt(stage: Stage, session: string): Promise<void> {
  const turn = await begin(stage, session)
  await wait(random(0, 500))
  const { status } = await stage.caller.call('POST', `/sessions/${session}/interrupt`, {
    turnId: turn,
  })
  if (status !== 200) throw new Error(`interrupt was answered with ${status}`)
  const ended = await whenStatus(stage, session, turn, isTerminal)
  if (ended !== 'interrupted' && ended !== 'cancelled') throw new Error(`ended as ${ended}`)
}

async function timeOut(stage: Stage, session: string): Promise<void> {
  const answer = await send(stage, session, { prompt: slow, timeout: random(50, 600) })
  if (answer.body.error?.code !== 'REQUEST_TIMEOUT') {
    throw new Error(`${answer.status} ${answer.body.error?.code}`)
  }
}

async function cutStream({ caller, ledger }: Stage, session: string): Promise<void> {
  ledger.sent++
  const goesOn = Math.random() < 0.5
  const body = goesOn
    ? { prompt: 'Count slowly to 3', onDisconnect: 'continue' }
    : { prompt: slow, includeDeltas: true }
  await cut(signal =>
    caller.follow(
      'POST',
      `/sessions/${session}/stream`,
      body,
      ({ event, data }) => {
        if (event === 'connected') ledger.acknowledged.set(JSON.parse(data).turnId, session)
      },
      signal,
    ),
  )
}

async function cutRequest({ caller, ledger }: Stage, session: string): Promise<void> {
  ledger.sent++
  const goesOn = Math.random() < 0.5
  const body = goesOn ? { prompt: 'Count slowly to 3' } : { prompt: slow, onDisconnect: 'interrupt' }
  await cut(signal => caller.call('POST', `/sessions/${session}/messages`, body, signal))
}

async function cut(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const leaving = new AbortController()
  const timer = setTimeout(() => leaving.abort(), random(5, 500))
  try {
    await work(leaving.signal)
  } catch (error) {
    if (!leaving.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
}

async function killProcess(stage: Stage, session: string): Promise<void> {
  const turn = await begin(stage, session)
  // An earlier one, whose client has left, may still run.
  await whenStatus(stage, session, turn, status => status === 'running')
  await wait(random(0, 500))
  const { body } = await stage.caller.call('GET', `/sessions/${session}`)
  const bound = performance.now() + settleBoundMs
  let pids: number[] = []
  while (pids.length === 0 && performance.now() < bound) {
    pids = claudesOf(stage.serverPid, body.claudeSessionId)
    if (pids.length === 0) await wait(20)
  }
  for (const pid of pids) kill(pid)
  stage.ledger.killed += pids.length
  const ended = await whenStatus(stage, session, turn, isTerminal)
  if (ended !== 'failed') throw new Error(`ended as ${ended}`)
}

async function begin(stage: Stage, session: string): Promise<string> {
  const { status, body } = await send(stage, session, { prompt: slow, background: true })
  if (status !== 202) throw new Error(`${status} ${body.error?.code}`)
  return body.turnId
}

async function send({ caller, ledger }: Stage, session: string, body: object): Promise<Answer> {
  ledger.sent++
  const answer = await caller.call('POST', `/sessions/${session}/messages`, body)
  const turnId = answer.body.turnId ?? answer.body.error?.details?.turnId
  if (turnId !== undefined) ledger.acknowledged.set(turnId, session)
  return answer
}

async function whenStatus(
  { caller }: Stage,
  session: string,
  turn: string,
  is: (status: TurnStatus) => boolean,
): Promise<TurnStatus> {
  const bound = performance.now() + settleBoundMs
  for (;;) {
    const { body } = await caller.call('GET', `/sessions/${session}/turns/${turn}`)
    if (is(body.status)) return body.status
    if (performance.now() > bound) throw new Error(`still ${body.status} after ${settleBoundMs} ms`)
    await wait(25)
  }
}

async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  const failed = (await Promise.allSettled([one, other])).find(({ status }) => status === 'rejected')
  if (failed) throw (failed as PromiseRejectedResult).reason
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** A whole number, both bounds included. */
export function random(least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1))
}

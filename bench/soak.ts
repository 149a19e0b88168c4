import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { isTerminal } from '../src/sessions/turns/turn.ts'
import { childrenOf, claudesOf } from '../test/support/processes.ts'
import { createCaller } from './support/caller.ts'
import type { Child } from './support/child.ts'
import { openClaudeServer, temporaryDirectoryOf } from './support/open-server.ts'
import { descriptorsOf, memoryOf } from './support/process-figures.ts'
import { megabytes, print, printTable, printTarget, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { act, actionNames, type Ledger, random, type Stage } from './support/soak-actions.ts'
import { inParallel, until } from './support/waiting.ts'

const maxLiveProcesses = 8

/**
 * Many turns over many sessions while connections are cut, turns stopped and processes killed. A worker stays with
 * a session for a while, as people do, so that not every turn starts a process.
 */
export const soak: Bench = async scope => {
  const { turns, sessions, sendingMs } = scope.quick
    ? { turns: 100, sessions: 10, sendingMs: 60_000 }
    : { turns: 2_000, sessions: 50, sendingMs: 7 * 60_000 }
  const { server } = await openClaudeServer(scope, {
    maxLiveProcesses,
    maxSessions: sessions,
    idleTimeoutMs: 3_000,
  })
  const stage = openStage(server)
  const { caller, ledger } = stage
  scope.onEnd(() => caller.close())
  const ids: string[] = []
  for (let made = 0; made < sessions; made++) ids.push(await caller.createSession())

  // Everything once, so that what is made only once has been made.
  const warmUp = openStage(server, caller)
  await inParallel([...actionNames, ...actionNames].entries().toArray(), 4, ([index, name]) =>
    act(warmUp, ids[index % ids.length] as string, name),
  )
  const before = await calm(server, scope.directory)

  const begun = performance.now()
  const seen = new Set<number>()
  const sampling = setInterval(() => {
    for (const pid of claudesOf(server.pid)) seen.add(pid)
  }, 250)
  const free = [...ids]
  const workers = Array.from({ length: maxLiveProcesses }, async () => {
    while (ledger.sent < turns && performance.now() - begun < sendingMs) {
      const [session] = free.splice(random(0, free.length - 1), 1)
      if (session === undefined) throw new Error('more workers than sessions')
      for (let left = random(5, 20); left > 0 && ledger.sent < turns; left--) await act(stage, session)
      free.push(session)
    }
  })
  await Promise.all(workers)
  const sentIn = (performance.now() - begun) / 1000

  // Every session answers once more.
  const stuck: string[] = []
  await inParallel(ids, maxLiveProcesses, async session => {
    const signal = AbortSignal.timeout(60_000)
    const body = { prompt: 'What is 6 times 7?' }
    const answer = await caller.call('POST', `/sessions/${session}/messages`, body, signal).catch(String)
    if (typeof answer === 'string' || answer.status !== 200) stuck.push(session)
  })
  const open: string[] = []
  const statuses = new Map<string, number>()
  const stored = new Set<string>()
  for (const session of ids) {
    const { body } = await caller.call('GET', `/sessions/${session}/turns?limit=1000`)
    for (const { turnId, status } of body.turns) {
      stored.add(turnId)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (!isTerminal(status)) open.push(turnId)
    }
  }
  const acknowledged = [...ledger.acknowledged.keys(), ...warmUp.ledger.acknowledged.keys()]
  const lost = acknowledged.filter(turn => !stored.has(turn))
  const after = await calm(server, scope.directory)
  clearInterval(sampling)
  const leaked = [...seen].filter(isClaude)

  const list = (counts: Map<string, number>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  printTable(
    ['what', 'figure'],
    [
      ['turns sent', `${ledger.sent} in ${sentIn.toFixed(0)} s, ${(ledger.sent / sentIn).toFixed(1)}/s`],
      ['things done', list(ledger.done)],
      ['turns stored, by status', list(statuses)],
      ['processes of Claude Code seen, killed', `${seen.size}, ${ledger.killed}`],
      ['unexpected', list(ledger.unexpected) || 'nothing'],
      ['memory before, after', `${megabytes(before.rss)}, ${megabytes(after.rss)}`],
      ['event loop before', JSON.stringify(before.resources)],
      ['event loop after', JSON.stringify(after.resources)],
    ],
  )
  printTarget('turns sent', String(ledger.sent), `≥ ${turns}`, ledger.sent >= turns)
  printTarget(
    'acknowledged turns without an end',
    `${lost.length} lost, ${open.length} open of ${acknowledged.length}`,
    '0',
    lost.length + open.length === 0,
  )
  printTarget('stuck sessions', `${stuck.length} of ${ids.length}`, '0', stuck.length === 0)
  // One may be kept ready for the next session.
  const children = childrenOf(server.pid).map(({ pid }) => pid)
  const strays = leaked.filter(pid => !children.includes(pid))
  printSame('child processes', before.children, children.length)
  printTarget('processes that were left behind', String(strays.length), '0', strays.length === 0)
  printSame('temporary files and directories', before.temporary, after.temporary)
  printSame('descriptors', before.descriptors, after.descriptors)
  printSame('timers and handles', sum(before.resources), sum(after.resources))
  printSame('listeners on the process', before.listeners, after.listeners)
  const warnings = server.log().match(/MaxListenersExceeded|UnhandledPromise/g)?.length ?? 0
  printTarget('warnings of leaking listeners or promises', String(warnings), '0', warnings === 0)
  const grown = after.heapUsed / before.heapUsed
  const heaps = `${megabytes(before.heapUsed)} to ${megabytes(after.heapUsed)}, ${times(grown)}`
  printTarget('heap', heaps, '≤ ×1.2', grown <= 1.2)
  const faults = server.log().match(/"level":50.*/g) ?? []
  printTarget('lines of errors in the log', String(faults.length), '0', faults.length === 0)
  for (const line of faults.slice(0, 3)) print(`        ${line.slice(0, 400)}`)
}

function openStage(server: Child, caller = createCaller(server.url)): Stage {
  const ledger: Ledger = {
    acknowledged: new Map(),
    done: new Map(),
    unexpected: new Map(),
    sent: 0,
    killed: 0,
  }
  return { caller, ledger, serverPid: server.pid }
}

/** What the server holds once nothing runs and no process lives. */
async function calm(server: Child, directory: string) {
  await until('all processes are idle and gone', () => childrenOf(server.pid).length <= 1, 60_000)
  // Ends the connections that are kept for the next request.
  await wait(6_000)
  const state = await server.state()
  return {
    ...state,
    children: childrenOf(server.pid).length,
    descriptors: descriptorsOf(server.pid),
    rss: memoryOf(server.pid).now,
    temporary: readdirSync(temporaryDirectoryOf(directory)).length,
  }
}

function isClaude(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`
  return existsSync(file) && readFileSync(file, 'utf8').includes('--input-format')
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

function printSame(what: string, before: number, after: number): void {
  printTarget(what, `${before} before, ${after} after`, 'not more', after <= before)
}

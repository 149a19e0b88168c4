import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageReader } from '../src/claude/messages/message-reader.ts'
import { createSealer } from '../src/lib/sealed-text.ts'
import { newSession, toWantedSpec } from '../src/sessions/lifecycle/new-session.ts'
import { completeRequest } from '../src/sessions/lifecycle/wanted-session.ts'
import { EventLog } from '../src/sessions/log/event-log.ts'
import { operator } from '../src/sessions/records.ts'
import { openStore } from '../src/store/open-store.ts'
import { type Child, openChild } from './support/child.ts'
import { apiKey, openScriptedServer } from './support/open-server.ts'
import { processorSecondsOf } from './support/process-figures.ts'
import { type Load, loadWith } from './support/raw-load.ts'
import { median, ms, print, printTable, printTarget, times } from './support/report.ts'
import { messagesPerTurn, sampleTurn } from './support/sample-turn.ts'
import type { Bench, Scope } from './support/scope.ts'

const pageSize = 200
const connections = 8

interface Case {
  name: string
  child: Child
  /** The next path to ask for. */
  path(): string
  rounds: (Load & { perProcessorSecond: number })[]
}

/** A read, and Node's own HTTP server that sends one of its answers, which it has as a string. */
interface Read {
  bare: Case
  /** The same with the answer encoded beforehand. */
  bareBytes: Case
  server: Case
  bytes: number
  /** The least share of the bare server's rate on one core. */
  share: number
}

/** Reads of a large session, beside Node's own HTTP server with the same bytes; each by a server of its own. */
export const reads: Bench = async scope => {
  const messages = scope.quick ? 2_000 : 100_000
  const roundMs = scope.quick ? 300 : 4_000
  const randomOffset = () => Math.floor(Math.random() * (messages - pageSize))
  const found = [
    await openRead(scope, 'GET /sessions/:id', messagesPerTurn, 0.3, path => () => path),
    await openRead(
      scope,
      `page of ${pageSize} of ${messages} messages`,
      messages,
      0.4,
      path => () => `${path}/messages?limit=${pageSize}&offset=${randomOffset()}`,
    ),
  ]
  const cases = found.flatMap(({ bare, bareBytes, server }) => [bare, bareBytes, server])
  // The first round warms up.
  for (let round = 0; round <= (scope.quick ? 1 : 3); round++) {
    for (const { child, path, rounds } of cases) {
      const before = processorSecondsOf(child.pid)
      const load = await loadWith(child.url, path, { apiKey, connections, forMs: roundMs })
      const used = processorSecondsOf(child.pid) - before
      if (round > 0) rounds.push({ ...load, perProcessorSecond: load.answers / used })
    }
  }
  printTable(
    [
      'read',
      'bytes',
      'requests/s',
      'per core',
      'median',
      'p99',
      'p99 / median',
      'to bare text',
      'to bare bytes',
    ],
    found.flatMap(read =>
      [read.bare, read.bareBytes, read.server].map(one => [
        one.name,
        read.bytes,
        median(one.rounds.map(load => load.perSecond)).toFixed(0),
        perCore(one).toFixed(0),
        ms(median(one.rounds.map(load => load.medianMs))),
        ms(median(one.rounds.map(load => load.p99Ms))),
        times(spread(one)),
        times(perCore(one) / perCore(read.bare)),
        times(perCore(one) / perCore(read.bareBytes)),
      ]),
    ),
  )
  for (const { bare, server, share } of found) {
    const reached = perCore(server) / perCore(bare)
    const text = `${times(reached)} of bare, p99 ${times(spread(server))} of the median`
    printTarget(server.name, text, `≥ ${times(share)}, p99 ≤ ×10`, reached >= share && spread(server) <= 10)
  }
}

async function openRead(
  scope: Scope,
  name: string,
  messages: number,
  share: number,
  toPath: (sessionPath: string) => () => string,
): Promise<Read> {
  const dataDir = join(scope.directory, `data-${messages}`)
  const begun = performance.now()
  const session = await fill(dataDir, scope.directory, messages)
  print(`${messages} messages written in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  const child = await openScriptedServer(scope, { dataDir })
  const path = toPath(`/api/v1/sessions/${session}`)
  const body = await read(`${child.url}${path()}`)
  const file = join(dataDir, 'answer.json')
  writeFileSync(file, body)
  const openBare = async (as: 'text' | 'bytes'): Promise<Case> => {
    const bare = await openChild(scope, 'bare-server.ts', { file, as })
    return { name: `bare node:http, the same ${as}`, child: bare, path: () => '/', rounds: [] }
  }
  return {
    bare: await openBare('text'),
    bareBytes: await openBare('bytes'),
    server: { name, child, path, rounds: [] },
    bytes: Buffer.byteLength(body),
    share,
  }
}

// What one core does when it does nothing else: others on the machine do not change it.
function perCore({ rounds }: Case): number {
  return median(rounds.map(load => load.perProcessorSecond))
}

function spread({ rounds }: Case): number {
  return median(rounds.map(load => load.p99Ms / load.medianMs))
}

async function read(url: string): Promise<string> {
  const response = await fetch(url, { headers: { 'x-api-key': apiKey } })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}

/** One session with so many messages, written the way the server writes. */
async function fill(dataDir: string, cwd: string, messages: number): Promise<string> {
  mkdirSync(dataDir, { recursive: true })
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const log = new EventLog(store, messageReader)
  const now = Date.now()
  const id = randomUUID()
  const caller = operator('bench')
  const request = completeRequest({ title: 'large', model: 'claude-made-up' }, undefined, {})
  const sealer = createSealer([randomBytes(32)])
  const session = newSession(caller, request, toWantedSpec(caller, request, cwd), id, 3_600_000, sealer)
  await store.createSession(session, [], 10)
  const turnsPerCommit = 50
  for (let turn = 0; turn * messagesPerTurn < messages; turn += turnsPerCommit) {
    const left = Math.ceil(messages / messagesPerTurn) - turn
    const events = Array.from({ length: Math.min(turnsPerCommit, left) }, (_, index) =>
      sampleTurn(turn + index, id, cwd),
    )
    await log.commit({ tenantId: 'default', sessionId: id, at: now, events: events.flat() })
  }
  await store.close()
  return id
}

import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createSessionRequest } from '../src/contract/sessions.ts'
import { createSealer } from '../src/lib/sealed-text.ts'
import { newSession, toWantedSpec } from '../src/sessions/lifecycle/new-session.ts'
import { openStore } from '../src/store/open-store.ts'
import { type Child, openChild } from './support/child.ts'
import { apiKey, openScriptedServer } from './support/open-server.ts'
import { processorSecondsOf } from './support/process-figures.ts'
import { type Load, loadWith } from './support/raw-load.ts'
import { median, ms, print, printTable, printTarget, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'

const pageSize = 100
const connections = 8

interface Case {
  name: string
  child: Child
  /** The next path to ask for. */
  path(): string
  rounds: (Load & { perProcessorSecond: number })[]
}

/** Reads of a large store, beside Node's own HTTP server with an answer of the same size. */
export const reads: Bench = async scope => {
  const messages = scope.quick ? 2_000 : 100_000
  const roundMs = scope.quick ? 300 : 4_000
  const dataDir = join(scope.directory, 'data')
  const begun = performance.now()
  const session = await fill(dataDir, scope.directory, messages)
  print(`${messages} messages written in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`)
  const server = await openScriptedServer(scope, { dataDir })
  const sessionPath = `/api/v1/sessions/${session}`
  const pagePath = () =>
    `${sessionPath}/messages?limit=${pageSize}&offset=${Math.floor(Math.random() * (messages - pageSize))}`
  const sizes = await Promise.all([sessionPath, pagePath()].map(path => sizeOf(`${server.url}${path}`)))
  const bare = await Promise.all(sizes.map(bytes => openChild(scope, 'bare-server.ts', { bytes })))
  const cases = [
    { name: 'bare node:http, same size', child: bare[0], path: () => '/' },
    { name: 'GET /sessions/:id', child: server, path: () => sessionPath },
    { name: 'bare node:http, same size', child: bare[1], path: () => '/' },
    { name: `page of ${pageSize} of ${messages} messages`, child: server, path: pagePath },
  ].map(given => ({ ...given, rounds: [] })) as Case[]
  // The first round warms up.
  for (let round = 0; round <= (scope.quick ? 1 : 3); round++) {
    for (const { child, path, rounds } of cases) {
      const before = processorSecondsOf(child.pid)
      const load = await loadWith(child.url, path, { apiKey, connections, forMs: roundMs })
      const used = processorSecondsOf(child.pid) - before
      if (round > 0) rounds.push({ ...load, perProcessorSecond: load.answers / used })
    }
  }
  const perSecond = ({ rounds }: Case) => median(rounds.map(load => load.perSecond))
  // What one core does when it does nothing else: others on the machine do not change it.
  const perCore = ({ rounds }: Case) => median(rounds.map(load => load.perProcessorSecond))
  printTable(
    ['read', 'requests/s', 'per core', 'median', 'p99', 'p99 / median', 'to bare'],
    cases.map((one, index) => [
      one.name,
      perSecond(one).toFixed(0),
      perCore(one).toFixed(0),
      ms(median(one.rounds.map(load => load.medianMs))),
      ms(median(one.rounds.map(load => load.p99Ms))),
      times(spread(one)),
      times(perCore(one) / perCore(cases[index - (index % 2)] ?? one)),
    ]),
  )
  for (const [index, target] of [
    [1, 3_000],
    [3, 300],
  ] as const) {
    const one = cases[index]
    if (!one) continue
    const found = `${perCore(one).toFixed(0)}/s on one core, p99 ${times(spread(one))} of the median`
    const holds = perCore(one) >= target && spread(one) <= 10
    printTarget(one.name, found, `≥ ${target}/s, p99 ≤ ×10`, holds)
  }
}

function spread({ rounds }: Case): number {
  return median(rounds.map(load => load.p99Ms / load.medianMs))
}

async function sizeOf(url: string): Promise<number> {
  const response = await fetch(url, { headers: { 'x-api-key': apiKey } })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return Buffer.byteLength(text)
}

/** One session with so many messages of a paragraph each, written the way the server writes. */
async function fill(dataDir: string, cwd: string, messages: number): Promise<string> {
  mkdirSync(dataDir, { recursive: true })
  const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
  const now = Date.now()
  const id = randomUUID()
  const caller = { tenantId: 'default', keyId: 'bench' }
  const request = createSessionRequest.parse({ title: 'large', model: 'claude-made-up' })
  const sealer = createSealer([randomBytes(32)])
  const session = newSession(caller, request, toWantedSpec(caller, request, cwd), id, 3_600_000, sealer)
  await store.createSession(session, [], 10)
  const perCommit = 500
  for (let written = 0; written < messages; written += perCommit) {
    const events = Array.from({ length: perCommit }, (_, index) => ({
      type: 'message' as const,
      turnId: null,
      payload: toMessage(written + index, id),
    }))
    await store.commit({ tenantId: 'default', sessionId: id, at: now, events })
  }
  await store.close()
  return id
}

function toMessage(number: number, sessionId: string) {
  const id = randomUUID()
  const text = `message ${number} `.padEnd(400, 'of a long conversation ')
  const message = {
    type: 'assistant',
    message: { id: `msg_${number}`, role: 'assistant', content: [{ type: 'text', text }] },
    parent_tool_use_id: null,
    uuid: id,
    session_id: sessionId,
  }
  return { id, source: 'sdk' as const, message }
}

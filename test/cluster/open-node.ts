import { randomBytes, randomUUID } from 'node:crypto'
import { Callers } from '../../src/access/callers.ts'
import { ConsoleLogins } from '../../src/access/console-logins.ts'
import { KeyRegistry } from '../../src/access/key-registry.ts'
import { Keys } from '../../src/access/keys.ts'
import { RevisionWatch } from '../../src/cluster/revision-watch.ts'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createSealer, type Sealer } from '../../src/lib/sealed-text.ts'
import { key, openDoor } from '../http/open-door.ts'
import { endsLater } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'

const sealers = new Map<string, Sealer>()

/** Nodes of one database share their secret keys. */
export function sealerOf(url: string): Sealer {
  const known = sealers.get(url) ?? createSealer([randomBytes(32)])
  sealers.set(url, known)
  return known
}

type Given = Parameters<typeof openSessions>[0]

/** The sessions of one node of several; it is first if the test does not say otherwise. */
export async function openNodeSessions(url: string, given: Given = {}, isFirst: () => boolean = () => true) {
  const nodeId = randomUUID()
  const opened = await openSessions({
    ...{ databaseUrl: url, nodeId, sealer: sealerOf(url) },
    cluster: { isFirst, feedMs: 20, outboxMs: 20 },
    ...given,
  })
  return { ...opened, nodeId }
}

/** A whole node behind a real server, on scripted sessions; closed after the test. */
export async function openNode(url: string, config: ClaudeCodeApiConfig = {}, periodMs = 100) {
  const { sessions, store, ...opened } = await openNodeSessions(url)
  const counted = { reads: 0 }
  const revisions = {
    readRevisions() {
      counted.reads++
      return store.revisions.readRevisions()
    },
  }
  const faults: unknown[] = []
  const watch = new RevisionWatch({ store: revisions, periodMs, onFault: error => faults.push(error) })
  const refresh = () => watch.check()
  const registry = new KeyRegistry(store.keys, { error: fields => faults.push(fields) }, refresh)
  const logins = new ConsoleLogins({
    store: store.logins,
    faults: { error: fields => faults.push(fields) },
    refresh,
  })
  await registry.open()
  await logins.open()
  watch.add('keys', registry)
  watch.add('logins', logins)
  watch.add('webhooks', sessions.webhooks.memory)
  if (sessions.push.memory) watch.add('push', sessions.push.memory)
  watch.start()
  const keys = config.auth?.authenticate ? {} : { apiKeys: [key] }
  const resolved = resolveConfig({ ...config, auth: { ...keys, ...config.auth } }, {})
  const door = await openDoor({
    store,
    service: sessions,
    config: { rateLimit: { enabled: false }, ...config },
    deps: {
      ...{ logins, keys: new Keys({ registry, sessions: store }) },
      callers: new Callers({ keys: resolved.auth.keys, sources: resolved, registry, ready: async () => {} }),
      cluster: { refresh, tickets: { store: store.tickets, sealer: sealerOf(url) } },
    },
  })
  endsLater(async () => {
    await door[Symbol.asyncDispose]()
    await watch.close()
    await registry.close()
  })
  /** Sends a request with another key. */
  const callWith = (text: string, path: string, init: RequestInit = {}) =>
    fetch(door.url + path, {
      ...init,
      headers: { 'x-api-key': text, 'content-type': 'application/json', ...init.headers },
    })
  return { ...opened, sessions, store, watch, registry, logins, door, faults, counted, callWith }
}

export type Node = Awaited<ReturnType<typeof openNode>>

/** A stored key, made at one node. */
export async function makeKey({ door }: Node, body: object = {}): Promise<{ key: string; keyId: string }> {
  const response = await door.post('/keys', { name: 'a key', scopes: ['sessions:read'], ...body })
  if (response.status !== 201) throw new Error(`no key was made: ${await response.text()}`)
  return (await response.json()) as { key: string; keyId: string }
}

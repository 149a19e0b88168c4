import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { type Caller, createCaller } from './caller.ts'
import { type Child, openChild } from './child.ts'
import { apiKey, claudeEnvironment, temporaryDirectoryOf } from './open-server.ts'
import type { Scope } from './scope.ts'
import { until } from './waiting.ts'

/** A server in a process of its own, one of several. */
export interface BenchNode {
  name: string
  server: Child
  caller: Caller
}

export interface BenchCluster {
  /** Running, by name. */
  readonly nodes: Map<string, BenchNode>
  readonly db: pg.Client
  /** A directory that all nodes share. */
  readonly shared: string
  /** The environment of Claude Code. */
  readonly environment: Record<string, string>
  /** Starts a node, the first time or again, and waits until it is ready. */
  start(name: string): Promise<BenchNode>
  /** The name of the node that owns a session, and its life. */
  ownerOf(sessionId: string): Promise<{ name: string; life: string } | undefined>
  close(): Promise<void>
}

export interface ClusterSettings {
  database: { url: string; schema: string }
  modelUrl: string
  names: string[]
  leaseMs: number
  options?: ClaudeCodeApiConfig
}

/** Several real servers on one database, each with a directory of its own. */
export async function openCluster(scope: Scope, given: ClusterSettings): Promise<BenchCluster> {
  const { database, modelUrl, names, leaseMs, options } = given
  const directory = join(scope.directory, database.schema)
  const shared = join(directory, 'shared')
  mkdirSync(shared, { recursive: true })
  const db = new pg.Client({ connectionString: database.url })
  await db.connect()
  scope.onEnd(() => db.end())
  const nodes = new Map<string, BenchNode>()

  async function start(name: string): Promise<BenchNode> {
    const home = join(directory, name)
    mkdirSync(temporaryDirectoryOf(home), { recursive: true })
    const settings: ClaudeCodeApiConfig = {
      ...{ auth: { apiKeys: [apiKey] }, rateLimit: { enabled: false }, logLevel: 'info', drainTimeoutMs: 0 },
      ...{ dataDir: join(home, 'data'), defaultCwd: shared, allowedRoots: [shared] },
      ...{ database, secretKeys: ['a'.repeat(64)] },
      cluster: {
        ...{ name, leaseMs, listen: '127.0.0.1:0', volumes: [shared] },
        secret: 'the secret of the nodes of this bench',
      },
      ...options,
    }
    const environment = claudeEnvironment(modelUrl, home)
    const server = await openChild(scope, 'server.ts', { engine: 'claude', options: settings }, environment)
    const caller = createCaller(server.url)
    scope.onEnd(() => caller.close())
    const node = { name, server, caller }
    nodes.set(name, node)
    if (options?.claudeExecutable === undefined) {
      await until(`node ${name} has asked Claude Code what it is`, async () => {
        const { body } = await caller.call('GET', '/health')
        return body.checks.claude.status === 'ok'
      })
    }
    return node
  }

  await Promise.all(names.map(start))
  return {
    ...{ nodes, db, shared, start },
    environment: claudeEnvironment(modelUrl, join(directory, names[0] ?? '')),
    async ownerOf(sessionId) {
      const { rows } = await db.query(
        `select owner, volumes from ${database.schema}.sessions
          join ${database.schema}.nodes on nodes.id = sessions.owner where sessions.id = $1`,
        [sessionId],
      )
      const own = (JSON.parse(rows[0]?.volumes ?? '[]') as string[]).find(volume =>
        volume.startsWith('node:'),
      )
      return own === undefined ? undefined : { name: own.slice('node:'.length), life: rows[0].owner }
    },
    async close() {
      await Promise.all([...nodes.values()].map(({ server }) => server.close()))
    },
  }
}

/** The node of a session, and another one. */
export async function placesOf(
  cluster: BenchCluster,
  sessionId: string,
): Promise<{ owner: BenchNode; other: BenchNode }> {
  const place = await cluster.ownerOf(sessionId)
  const owner = cluster.nodes.get(place?.name ?? '')
  const other = [...cluster.nodes.values()].find(({ name }) => name !== place?.name)
  if (!owner || !other) throw new Error('a session has no owner, or there is no other node')
  return { owner, other }
}

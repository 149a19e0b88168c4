import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openStandInModel } from '../../src/demo/stand-in-model.ts'
import { freePort } from '../../test/support/free-port.ts'
import { type Balancer, openBalancer } from './balancer.ts'
import { type DemoNode, startNode } from './node.ts'
import { Ownership } from './ownership.ts'
import { startProgram } from './program.ts'

const postgresProgram = join(import.meta.dirname, '../../test/support/postgres/serve-until-told.ts')
/** Shorter than the default, so that a demonstration takes no longer than it must. */
const leaseMs = 3_000
/** How long the end of a node may take: running turns are finished first. */
const nodeEndMs = 30_000
/** How long the warden of a node that was killed may take. */
const wardenEndMs = 5_000

export interface DemoCluster {
  readonly nodes: readonly [DemoNode, DemoNode, DemoNode]
  readonly balancer: Balancer
  readonly ownership: Ownership
  readonly key: string
  /** The base address of the API, at the load balancer. */
  readonly base: string
  readonly databaseUrl: string
  /** Ends everything that was started, in reverse order, and removes its files. Idempotent. */
  close(): Promise<void>
  /** Does not wait for running turns. */
  hurry(): void
}

export interface DemoOptions {
  port: number
  prefersForwarder: boolean
}

/** Starts PostgreSQL, the stand-in, three nodes and a load balancer, all on loopback with files of their own. */
export async function openCluster({ port, prefersForwarder }: DemoOptions): Promise<DemoCluster> {
  const closers: (() => Promise<unknown>)[] = []
  const started: DemoNode[] = []
  let isClosing: Promise<void> | undefined
  const closeAll = async () => {
    for (const close of closers.toReversed()) await close()
  }
  const close = () => {
    isClosing ??= closeAll()
    return isClosing
  }
  try {
    const home = await realpath(await mkdtemp(join(tmpdir(), 'claude-code-api-cluster-')))
    closers.push(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))
    const shared = join(home, 'shared')
    await mkdir(shared)
    const model = await openStandInModel({ reportsCache: true })
    closers.push(() => model.close())
    const postgres = startProgram(
      process.execPath,
      ['--no-warnings', postgresProgram, String(process.pid)],
      { PATH: process.env.PATH ?? '/usr/bin:/bin', TMPDIR: tmpdir() },
      join(home, 'postgres.log'),
    )
    closers.push(() => postgres.end('SIGTERM', 10_000))
    const [databaseUrl] = await postgres.says(/postgres:\/\/\S+/)
    const key = randomBytes(24).toString('base64url')
    const secrets = {
      cluster: randomBytes(32).toString('base64url'),
      sealing: randomBytes(32).toString('hex'),
    }
    const start = async (name: string) => {
      const parts = { home, shared, databaseUrl, modelUrl: model.url, key, secrets, leaseMs }
      const node = await startNode({ name, ...parts })
      started.push(node)
      return node
    }
    const ownership = new Ownership(databaseUrl)
    closers.push(() => ownership.close())
    closers.push(() => endAll(started, ownership))
    // The first one makes the tables.
    const a = await start('a')
    const [b, c] = await Promise.all([start('b'), start('c')])
    const nodes = [a, b, c] as const
    const balancer = await openBalancer([a.url, b.url, c.url], port === 0 ? await freePort() : port, {
      directory: home,
      prefersForwarder,
    })
    closers.push(() => balancer.close())
    return {
      ...{ nodes, balancer, ownership, key, databaseUrl, close },
      base: `${balancer.url}/api/v1`,
      hurry: () => {
        for (const { program } of started) if (program.isRunning) process.kill(program.pid, 'SIGTERM')
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Also waits for the wardens of nodes that were killed: they end what is left of their processes. */
async function endAll(nodes: readonly DemoNode[], ownership: Ownership): Promise<void> {
  await Promise.all(nodes.map(({ program }) => program.end('SIGTERM', nodeEndMs)))
  const bound = performance.now() + wardenEndMs
  while (performance.now() < bound) {
    const living = await ownership.listNodes().catch(() => [])
    if (living.length === 0) return
    await pause(50)
  }
}

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from './client.ts'
import { type Cli, openServerProgram } from './open-cli.ts'

export const clusterKey = 'key-of-the-cluster'

export interface ClusterNode extends ReturnType<typeof createClient> {
  readonly name: string
  readonly url: string
  readonly cli: Cli
}

export interface ClusterOptions {
  database: { url: string }
  /** Where each node has a directory of its own. */
  home: string
  /** The directory that all nodes share. */
  shared: string
  env: Record<string, string>
  leaseMs?: number
  options?: object
  /** Left out: this version of the server. */
  program?: string
  /** More of the option `cluster`. */
  cluster?: object
}

/** Starts a node: a server in a process of its own. */
export async function startNode(name: string, given: ClusterOptions): Promise<ClusterNode> {
  const { database, home, shared, env, leaseMs = 2_000, options, program } = given
  const own = join(home, name)
  mkdirSync(join(own, 'home'), { recursive: true })
  const cli = openServerProgram(
    {
      dataDir: join(own, 'data'),
      database,
      defaultCwd: shared,
      allowedRoots: [shared],
      secretKeys: ['a'.repeat(64)],
      auth: { apiKeys: [clusterKey] },
      keepSpareProcess: false,
      cluster: {
        ...{ name, leaseMs, listen: '127.0.0.1:0' },
        secret: 'secret-of-the-cluster-in-this-test',
        volumes: [shared],
        ...given.cluster,
      },
      ...options,
    },
    { ...env, HOME: join(own, 'home'), CLAUDE_CONFIG_DIR: join(own, 'home', '.claude') },
    program,
  )
  const said = await cli.said(/listening on \S+/)
  const url = /listening on (\S+)/.exec(said)?.[1] ?? ''
  return { name, url, cli, ...createClient(`${url}/api/v1`, clusterKey) }
}

/** Kills a node, and nothing that it has started. */
export async function killNode({ cli }: ClusterNode): Promise<void> {
  cli.child.kill('SIGKILL')
  await cli.ended
}

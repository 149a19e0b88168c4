import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createClient } from './client.ts'
import { type ClusterNode, clusterKey, startNode } from './cluster.ts'
import { endsLater } from './lifetime.ts'
import { openServerProgram } from './open-cli.ts'
import { temporaryDirectory } from './open-sessions.ts'
import { createDatabase } from './postgres/shared-server.ts'
import { unpackProgramBeforeNodes } from './program-before-nodes.ts'
import { cheapStart, claudeEnvironment, openModel } from './real-claude.ts'

/**
 * The program before nodes; this program as a server alone, or as one of several nodes; a node of a later version, with a
 * migration that admits nodes of this one, or not.
 */
export type Program = 'before' | 'alone' | 'node' | 'later node' | 'later node, not admitting'

const later = join(import.meta.dirname, 'newer-program.ts')

/** Two versions of the program on one database, which this one has migrated. */
export async function openPrograms() {
  const database = await createDatabase(inject('postgresDirectory'))
  endsLater(database.drop)
  const model = await openModel()
  const before = await unpackProgramBeforeNodes()
  const home = temporaryDirectory()
  const shared = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), ...cheapStart }

  /** @throws Error with what the program has said, when it does not start */
  async function start(program: Program, name = 'a'): Promise<ClusterNode> {
    if (program === 'node') return startNode(name, { database, home, shared, env })
    if (program !== 'before' && program !== 'alone') {
      const admits = program === 'later node' && { TEST_MIGRATION_ADMITS: '032-fences' }
      return startNode(name, { database, home, shared, env: { ...env, ...admits }, program: later })
    }
    // In the place of node a.
    const own = join(home, name)
    mkdirSync(join(own, 'home'), { recursive: true })
    const options = {
      ...{ dataDir: join(own, 'data'), defaultCwd: shared, allowedRoots: [shared], database },
      ...{ secretKeys: ['a'.repeat(64)], auth: { apiKeys: [clusterKey] }, keepSpareProcess: false },
    }
    const cli = openServerProgram(
      options,
      { ...env, HOME: join(own, 'home'), CLAUDE_CONFIG_DIR: join(own, 'home', '.claude') },
      program === 'before' ? before : undefined,
    )
    const url = /listening on (\S+)/.exec(await cli.said(/listening on \S+/))?.[1] ?? ''
    return { name, url, cli, ...createClient(`${url}/api/v1`, clusterKey) }
  }

  return { start, model, database, shared }
}

/** Stops a program in order. @returns its exit code */
export function stop({ cli }: ClusterNode): Promise<number | null> {
  cli.child.kill('SIGTERM')
  return cli.ended
}

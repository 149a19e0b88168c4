import { constants } from 'node:fs'
import { access, mkdir, realpath } from 'node:fs/promises'
import type { NodeOptions } from '../../cluster/cluster.ts'
import { Volumes } from '../../cluster/volumes.ts'
import { ConfigError } from '../../lib/config-error.ts'
import type { PortableOptions } from '../../workspace/portable/portable-workspaces.ts'

export interface Portable extends PortableOptions {
  /** That of sessions which take their directory along: nodes with the same path have it. */
  volume: string
}

/**
 * How sessions of this node take along the directories that the server makes for them.
 *
 * @returns undefined if they stay where they are, or all nodes reach them anyway
 * @throws ConfigError if the directory for snapshots does not exist: it may not be mounted yet
 */
export async function findPortable({
  cluster,
  workspacesDir,
  maxWorkspaceBytes: maxBytes,
}: {
  cluster: NodeOptions | undefined
  workspacesDir: string
  maxWorkspaceBytes: number
}): Promise<Portable | undefined> {
  if (cluster?.snapshotsDir === undefined) return undefined
  const { name: node, snapshotsDir, volumes } = cluster
  await mkdir(workspacesDir, { recursive: true, mode: 0o700 })
  const directory = await realpath(workspacesDir)
  const places = new Volumes(node, volumes)
  if (places.of(directory) !== places.own) return undefined
  await access(snapshotsDir, constants.R_OK | constants.W_OK | constants.X_OK).catch(() => {
    throw new ConfigError('cluster.snapshotsDir', 'must be a directory that exists and can be written to')
  })
  return { volume: `portable:${directory}`, node, snapshotsDir, maxBytes }
}

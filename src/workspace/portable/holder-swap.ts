import { randomUUID } from 'node:crypto'
import { lstat, readdir, realpath, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { OwnWorkspace } from '../../sessions/ports/index.ts'
import { isFsError } from '../files/file-errors.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { holderName, readMark } from '../provisioning/provider.ts'
import { removeHolder } from '../provisioning/remove-holder.ts'

/** Says which snapshots the directory of a holder is at least as new as. No directory of a session has this name. */
const markerName = '.snapshots.json'
const maxMarkerBytes = 4_096
const beside = '.beside-'

const marker = z.strictObject({ snapshots: z.array(z.string()) })

/**
 * Returns the holder of a session's own directory.
 *
 * @param directory the parent of the holders
 * @returns undefined if the directory does not lie where this node makes those of sessions
 */
export async function findHolder(
  { path }: OwnWorkspace,
  sessionId: string,
  directory: string,
): Promise<string | undefined> {
  const own = await realpath(directory).catch(() => undefined)
  const holder = dirname(path)
  const isOwn = dirname(holder) === own && basename(holder) === sessionId && holderName.test(sessionId)
  return isOwn ? holder : undefined
}

/** Whether the directory is there, and at least as new as a snapshot; null: as the session's beginning. */
export async function isCurrent(
  holder: string,
  workspace: OwnWorkspace,
  snapshotId: string | null,
): Promise<boolean> {
  if ((await readMark(holder))?.path !== workspace.path) return false
  if (!(await isDirectory(workspace.path))) return false
  return snapshotId === null || (await readMarker(holder)).includes(snapshotId)
}

async function readMarker(holder: string): Promise<string[]> {
  try {
    const text = await readRegularFile(join(holder, markerName), maxMarkerBytes)
    return marker.parse(JSON.parse(text?.toString() ?? '')).snapshots
  } catch {
    return []
  }
}

/** @param snapshots of which one is the session's newest, whatever becomes of the change under way */
export async function writeMarker(holder: string, snapshots: readonly (string | null)[]): Promise<void> {
  const path = join(holder, markerName)
  const unfinished = `${path}.${randomUUID()}`
  await writeFile(unfinished, JSON.stringify({ snapshots: snapshots.filter(Boolean) }), {
    mode: 0o600,
    flag: 'wx',
  })
  await rename(unfinished, path)
}

/** A name beside a holder, which nothing takes for one of a session. */
export function nameBeside(holder: string): string {
  return `${holder}${beside}${randomUUID()}`
}

/** Puts a holder in the place of another one, which is removed. */
export async function replaceHolder(holder: string, next: string): Promise<void> {
  const old = nameBeside(holder)
  await rename(holder, old).catch(error => {
    if (!isFsError(error, 'ENOENT')) throw error
  })
  await rename(next, holder)
  await removeHolder(old)
}

/** Removes what an interrupted restoration has left. */
export async function removeBeside(holder: string): Promise<void> {
  const prefix = `${basename(holder)}${beside}`
  for (const name of await readdir(dirname(holder)).catch(() => [])) {
    if (name.startsWith(prefix)) await removeHolder(join(dirname(holder), name))
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false
}

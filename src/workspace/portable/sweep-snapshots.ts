import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Blobs } from './blobs.ts'
import { readManifest } from './manifest.ts'
import type { SnapshotPlaces } from './snapshot-places.ts'

/** A snapshot in progress is never as old as this, in milliseconds. */
export const settledMs = 60 * 60 * 1000

/**
 * Removes the snapshots of sessions that are gone, and what crashes have left. Two sweeps at once do no harm: what is old
 * and not named by the newest snapshot will not be named again, because each writer names its own blobs and those of the
 * snapshot before.
 */
export async function sweepSnapshots(
  places: SnapshotPlaces,
  findNamed: (tenantId: string, sessionId: string) => Promise<string | null | undefined>,
  before = Date.now() - settledMs,
): Promise<void> {
  for await (const session of places.list()) {
    const { directory, blobs, manifests } = places.of(session)
    // In this order: what is listed is not named by any snapshot that comes later.
    const stored = new Blobs(blobs, '')
    const oldBlobs = await stored.listOlder(before)
    const oldManifests = await listOlder(manifests, before)
    const newest = await findNamed(session.tenantId, session.id)
    if (newest === undefined) {
      await rm(directory, { recursive: true, force: true })
      continue
    }
    if (newest === null || (oldBlobs.length === 0 && oldManifests.length === 0)) continue
    const named = new Set<string>()
    // One that cannot be read names what is not known: nothing is removed.
    const path = places.manifestOf(session, newest)
    for await (const entry of readManifest(path)) if (entry.kind === 'file') named.add(entry.blob)
    for (const blob of oldBlobs) if (!named.has(blob)) await stored.remove(blob)
    for (const manifest of oldManifests) if (manifest !== path) await rm(manifest, { force: true })
  }
}

async function listOlder(directory: string, before: number): Promise<string[]> {
  const old: string[] = []
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name)
    const stats = await stat(path).catch(() => undefined)
    if (stats && stats.mtimeMs < before) old.push(path)
  }
  return old
}

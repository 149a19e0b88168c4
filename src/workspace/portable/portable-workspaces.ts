import { randomBytes } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ServiceError } from '../../contract/errors.ts'
import type { Log } from '../../lib/log.ts'
import { TimeOrderedIds } from '../../lib/time-ordered-id.ts'
import type {
  OwnWorkspace,
  OwnWorkspaceRequest,
  PortableSession,
  PortableWorkspaces,
  RestoredDirectory,
  StoredSnapshot,
  WorkspaceProvider,
} from '../../sessions/ports/index.ts'
import { isFsError } from '../files/file-errors.ts'
import { makeHolder } from '../provisioning/provider.ts'
import { removeHolder } from '../provisioning/remove-holder.ts'
import { BaseTree } from './base-tree.ts'
import { Blobs } from './blobs.ts'
import { findHolder, isCurrent, nameBeside, removeBeside, replaceHolder, writeMarker } from './holder-swap.ts'
import { DamagedManifest, readManifest, writeManifest } from './manifest.ts'
import { restoreTree } from './restore-tree.ts'
import { saveTree } from './save-tree.ts'
import { SnapshotPlaces } from './snapshot-places.ts'
import { sweepSnapshots } from './sweep-snapshots.ts'

export interface PortableOptions {
  /** The name of this node. */
  node: string
  /** Where all nodes have the snapshots. */
  snapshotsDir: string
  /** How large a directory may be that is stored. */
  maxBytes: number
}

export interface PortableParts extends PortableOptions {
  /** The parent of the holders of a tenant. */
  directoryOf(tenantId: string): string
  providerOf(tenantId: string): WorkspaceProvider
  log: Pick<Log, 'warn'>
}

/** Snapshots as files in a directory that all nodes reach: see the port `PortableWorkspaces`. */
export class StoredWorkspaces implements PortableWorkspaces {
  readonly node: string
  readonly #parts: PortableParts
  readonly #places: SnapshotPlaces
  readonly #writer = randomBytes(4).toString('hex')
  readonly #ids = new TimeOrderedIds()

  constructor(parts: PortableParts) {
    this.node = parts.node
    this.#parts = parts
    this.#places = new SnapshotPlaces(parts.snapshotsDir)
  }

  async save(session: PortableSession, signal: AbortSignal): Promise<StoredSnapshot> {
    const { workspace, snapshotId } = session
    const holder = await this.#findHolder(session)
    const takenAt = Date.now()
    const { blobs: directory, manifests } = this.#places.of(session)
    const blobs = new Blobs(directory, this.#writer)
    await Promise.all([blobs.open(), mkdir(manifests, { recursive: true, mode: 0o700 })])
    const base = await this.#readBase(session)
    const saved = await saveTree(workspace.path, base, blobs, this.#parts.maxBytes, signal)
    const { entries, leftOut } = saved
    if (snapshotId !== null && saved.isUnchanged) {
      const nothing = async () => {}
      return { id: snapshotId, takenAt, leftOut, announce: nothing, confirm: nothing, discard: nothing }
    }
    const id = this.#ids.create().id
    const path = this.#places.manifestOf(session, id)
    await blobs.sync()
    await writeManifest(path, entries)
    return {
      ...{ id, takenAt, leftOut },
      announce: () => writeMarker(holder, [id, snapshotId]),
      confirm: async () => {
        await writeMarker(holder, [id])
        if (snapshotId === null) return
        await rm(this.#places.manifestOf(session, snapshotId), { force: true })
        const named = new Set(entries.map(entry => entry.kind === 'file' && entry.blob))
        for (const blob of new Set(base.blobs.values())) if (!named.has(blob)) await blobs.remove(blob)
      },
      discard: () => rm(path, { force: true }),
    }
  }

  async holds(session: PortableSession): Promise<boolean> {
    const { workspace, id, tenantId, snapshotId } = session
    const holder = await findHolder(workspace, id, this.#parts.directoryOf(tenantId))
    return holder !== undefined && isCurrent(holder, workspace, snapshotId)
  }

  async restore(session: PortableSession, signal: AbortSignal): Promise<RestoredDirectory> {
    try {
      await mkdir(this.#parts.directoryOf(session.tenantId), { recursive: true, mode: 0o700 })
      const holder = await this.#findHolder(session)
      await removeBeside(holder)
      const restored = await this.#restoreSnapshot(session, holder, signal)
      return restored ?? (await this.#makeAgain(session, holder, signal))
    } catch (error) {
      this.#parts.log.warn({ err: error, sessionId: session.id }, 'workspace restore failed')
      throw unavailable()
    }
  }

  async remove(session: Pick<PortableSession, 'id' | 'tenantId'>): Promise<void> {
    await rm(this.#places.of(session).directory, { recursive: true, force: true })
  }

  sweep(findNamed: Parameters<PortableWorkspaces['sweep']>[0]): Promise<void> {
    return sweepSnapshots(this.#places, findNamed)
  }

  /** @returns undefined if there is no snapshot, or it is lost */
  async #restoreSnapshot(
    session: PortableSession,
    holder: string,
    signal: AbortSignal,
  ): Promise<RestoredDirectory | undefined> {
    const { workspace, snapshotId } = session
    if (snapshotId === null) return undefined
    const { directory, blobs } = this.#places.of(session)
    // Without it, the file system is not there.
    await stat(directory)
    const manifest = this.#places.manifestOf(session, snapshotId)
    if (!(await stat(manifest).catch(() => undefined))) return undefined
    const next = nameBeside(holder)
    const top = join(next, basename(workspace.path))
    try {
      await makeHolder(next, workspace)
      await mkdir(top)
      const entries = readManifest(manifest)
      const missingFiles = await restoreTree(top, entries, new Blobs(blobs, this.#writer), signal)
      await writeMarker(next, [snapshotId])
      await replaceHolder(holder, next)
      return { source: 'snapshot', missingFiles }
    } catch (error) {
      await removeHolder(next)
      if (!(error instanceof DamagedManifest)) throw error
      this.#parts.log.warn({ err: error, sessionId: session.id }, 'workspace snapshot is lost')
      return undefined
    }
  }

  /** As the directory was made at first; empty if that is not possible any more. */
  async #makeAgain(
    { workspace, id, tenantId, snapshotId }: PortableSession,
    holder: string,
    signal: AbortSignal,
  ): Promise<RestoredDirectory> {
    await removeHolder(holder)
    const { log, providerOf } = this.#parts
    const request = toRequest(workspace)
    if (request?.type === 'git') {
      const made = await providerOf(tenantId)
        .provide(request, id, signal)
        .catch(error => {
          log.warn({ err: error, sessionId: id }, 'workspace clone failed')
          return undefined
        })
      if (made?.path === workspace.path) {
        await writeMarker(holder, [snapshotId])
        return { source: 'clone', missingFiles: 0 }
      }
      await removeHolder(holder)
    }
    await makeHolder(holder, workspace)
    await mkdir(workspace.path)
    await writeMarker(holder, [snapshotId])
    return { source: 'empty', missingFiles: 0 }
  }

  /** The snapshot before. If another node has made it, its contents alone are of use. */
  async #readBase(session: PortableSession): Promise<BaseTree> {
    const { snapshotId } = session
    if (snapshotId === null) return new BaseTree()
    try {
      return await BaseTree.read(readManifest(this.#places.manifestOf(session, snapshotId)))
    } catch (error) {
      if (error instanceof DamagedManifest || isFsError(error, 'ENOENT')) return new BaseTree()
      throw error
    }
  }

  async #findHolder({ workspace, id, tenantId }: PortableSession): Promise<string> {
    const holder = await findHolder(workspace, id, this.#parts.directoryOf(tenantId))
    if (holder === undefined) throw new Error('the directory lies where this node makes none')
    return holder
  }
}

function toRequest(workspace: OwnWorkspace): OwnWorkspaceRequest | undefined {
  if (workspace.type !== 'git') return undefined
  const { type, url, ref, depth, removeOnEnd } = workspace
  return { type, url, removeOnEnd, ...(ref !== null && { ref }), ...(depth !== null && { depth }) }
}

function unavailable(): ServiceError<'WORKSPACE_UNAVAILABLE'> {
  return new ServiceError(
    'WORKSPACE_UNAVAILABLE',
    'The directory of the session cannot be restored from its snapshot at the moment',
  )
}

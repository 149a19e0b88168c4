import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '../../contract/errors.ts'
import type { FileState, WorkspaceRoots } from '../../sessions/ports/index.ts'
import { type Place, scopeOf, walk } from '../files/safe-path.ts'
import { hashOf } from './kept-contents.ts'

/** The size limit; larger files are recorded without content. */
export const maxKeptBytes = 10 * 1024 * 1024

export const absent: FileState = { hash: null, size: 0, mode: null, kept: true }

/** The current state of a file: its real path, its kind, and its content unless it is too large. */
export interface FoundFile {
  path: string
  state: FileState
  content: Buffer | undefined
}

/** @returns undefined if the path is outside the roots, or not a file */
export async function findFile(roots: WorkspaceRoots, path: string): Promise<FoundFile | undefined> {
  const place = await findPlace(roots, path)
  if (!place) return undefined
  try {
    return await readFile(place)
  } finally {
    await place.close()
  }
}

/** Resolves a path; undefined if it is outside the roots. */
export async function findPlace(roots: WorkspaceRoots, path: string): Promise<Place | undefined> {
  try {
    return await walk(scopeOf(roots), path)
  } catch (error) {
    if (error instanceof ServiceError) return undefined
    throw error
  }
}

async function readFile(place: Place): Promise<FoundFile | undefined> {
  const [name] = place.names
  if (name === undefined) return undefined
  const path = join(place.directoryPath, ...place.names)
  if (!place.stats) return { path, state: absent, content: undefined }
  const file = await place.directory.openFile(place.entry)
  if (!file) return undefined
  try {
    return { path, ...(await readOpenFile(file)) }
  } finally {
    await file.close()
  }
}

async function readOpenFile(file: FileHandle): Promise<Pick<FoundFile, 'state' | 'content'>> {
  const { size, mode } = await file.stat()
  const permissions = mode & 0o777
  if (size > maxKeptBytes) {
    const state = { hash: await hashStream(file), size, mode: permissions, kept: false }
    return { state, content: undefined }
  }
  const content = await file.readFile()
  return { state: { hash: hashOf(content), size: content.length, mode: permissions, kept: true }, content }
}

async function hashStream(file: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

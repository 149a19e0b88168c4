import type { Readable } from 'node:stream'
import type { FileEntry } from '../../contract/files.ts'

/**
 * The directories whose files belong to a session, as real paths. Paths are relative to the first one, its
 * working directory.
 */
export type WorkspaceRoots = readonly [cwd: string, ...others: string[]]

export interface TreeQuery {
  path: string
  depth: number
  limit: number
  cursor?: string | undefined
}

export interface Tree {
  path: string
  entries: FileEntry[]
  nextCursor: string | null
}

/** One state of a file. */
export interface FileVersion {
  /** As the API names it. */
  path: string
  sizeBytes: number
  /** Milliseconds since 1970. */
  modifiedAt: number
  /** Different for every state; no quotes. */
  tag: string
}

/** A file that is held open in one state. To be closed, or read. */
export interface OpenFile extends FileVersion {
  /** What its name stands for. */
  contentType: string
  /** Whether a browser that is given it by that type may run what is in it. */
  isActive: boolean
  /**
   * The bytes from `start` on; closes the file when it ends, in whatever way. It fails when the file gets
   * shorter than it was while it is read.
   */
  read(start: number, length: number): Readable
  close(): Promise<void>
}

/** Tags of which the file must have one, or none; `*` stands for every file that exists. */
export interface Precondition {
  match?: '*' | readonly string[] | undefined
  noneMatch?: '*' | readonly string[] | undefined
}

export interface ChangeOptions {
  precondition?: Precondition
  /** Whether programs may be started from what is at a real path; only there they may be changed. Default: nowhere. */
  isTrusted?: (path: string) => boolean
}

export interface ArchiveQuery {
  path: string
  /** Names, and paths from where the archive begins. */
  exclude: readonly string[]
}

/** A tar.gz, made while it is read. */
export interface Archive {
  /** Without a suffix. */
  name: string
  content: Readable
}

/**
 * The files of a session. Nothing outside the roots is ever read, listed or changed, whatever is put in the way
 * while it is looked for.
 *
 * What git or Claude Code would start programs from is neither written nor removed, unless it is trusted.
 *
 * All of it rejects with a ServiceError: `PATH_NOT_ALLOWED`, `FILE_NOT_FOUND`, `INVALID_REQUEST` for what is of
 * another kind than it has to be; what changes something also with `PRECONDITION_FAILED`.
 */
export interface WorkspaceFiles {
  list(roots: WorkspaceRoots, query: TreeQuery): Promise<Tree>
  open(roots: WorkspaceRoots, path: string): Promise<OpenFile>
  /** Replaces the content all at once: nobody ever sees half of it. Makes the directories that are missing. */
  write(
    roots: WorkspaceRoots,
    path: string,
    bytes: Uint8Array,
    options: ChangeOptions,
  ): Promise<FileVersion & { created: boolean }>
  /** A symbolic link is removed, not what it leads to; a directory that is not empty only when `recursive`. */
  remove(roots: WorkspaceRoots, path: string, options: ChangeOptions & { recursive: boolean }): Promise<void>
  archive(roots: WorkspaceRoots, query: ArchiveQuery): Promise<Archive>
}

import type { Archive, ArchiveQuery, FileVersion, OpenFile, Precondition, Tree, TreeQuery } from '../ports.ts'
import type { Caller } from '../records.ts'

/**
 * The files of a session. They can be read as long as its directories are there, whatever has become of the
 * session; changed only while it is active.
 */
export interface FilesService {
  list(caller: Caller, sessionId: string, query: TreeQuery): Promise<Tree>
  open(caller: Caller, sessionId: string, path: string): Promise<OpenFile>
  save(
    caller: Caller,
    sessionId: string,
    path: string,
    bytes: Uint8Array,
    precondition: Precondition,
  ): Promise<FileVersion & { created: boolean }>
  remove(
    caller: Caller,
    sessionId: string,
    path: string,
    options: { recursive: boolean; precondition: Precondition },
  ): Promise<void>
  archive(caller: Caller, sessionId: string, query: ArchiveQuery): Promise<Archive>
}

export type RefusalReason =
  /** A part of the repository is outside the allowed directories. */
  | 'outside'
  /** A file that git would read is not a regular file, or is too large. */
  | 'unsafe'
  /** The repository belongs to another user of the machine. */
  | 'not_owned'

/** Thrown for a repository that must not be used. The message is for the log, because it contains paths. */
export class RepositoryRefused extends Error {
  override readonly name = 'RepositoryRefused'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, path: string | Buffer, flaw: string) {
    super(`${path} ${flaw}`)
    this.reason = reason
  }
}

export type RefusalReason =
  /** A part of the repository lies outside the directories that it may lie in. */
  | 'outside'
  /** A file that git would read is not a regular file, or is too large. */
  | 'unsafe'
  /** The repository belongs to another user of the machine. */
  | 'not_owned'

/** A repository whose git directory must not be used. The message is for the log: it has paths in it. */
export class RepositoryRefused extends Error {
  override readonly name = 'RepositoryRefused'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, path: string | Buffer, flaw: string) {
    super(`${path} ${flaw}`)
    this.reason = reason
  }
}

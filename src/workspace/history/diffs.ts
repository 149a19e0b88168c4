import { resolve } from 'node:path'
import type { FileDiff } from '../../contract/workspace.ts'
import type { Log } from '../../lib/log.ts'
import { isInside } from '../../lib/paths.ts'
import type {
  Checkpoints,
  DiffRequest,
  FileScope,
  NoSnapshot,
  WorkspaceDiff,
  WorkspaceDiffs,
} from '../../sessions/ports/index.ts'
import { notAllowed } from '../files/file-errors.ts'
import { mayBeEscaped } from '../files/file-name.ts'
import { toShownPath } from '../files/safe-path.ts'
import {
  type DiffEntry,
  listTreeChanges,
  splitDiff,
  TreesUnreadable,
  writeTreeDiff,
} from '../git/git-diff.ts'
import { diffCheckpoints } from './checkpoint-diff.ts'
import type { KeptContents } from './kept-contents.ts'
import type { GitSnapshots } from './snapshots.ts'

const maxFiles = 2_000
const maxTextBytes = 2 * 1024 * 1024

/** The diffs of sessions; see the port `WorkspaceDiffs`. */
export class LocalDiffs implements WorkspaceDiffs {
  readonly #snapshots: GitSnapshots
  readonly #checkpoints: Checkpoints
  readonly #contents: KeptContents
  readonly #log: Pick<Log, 'warn'>

  constructor(
    snapshots: GitSnapshots,
    checkpoints: Checkpoints,
    contents: KeptContents,
    log: Pick<Log, 'warn'>,
  ) {
    this.#snapshots = snapshots
    this.#checkpoints = checkpoints
    this.#contents = contents
    this.#log = log
  }

  async compare(scope: FileScope, { sinceTurnId, path }: DiffRequest): Promise<WorkspaceDiff> {
    const wanted = path === undefined ? undefined : toOwnPath(scope, path)
    const snapshot = await this.#snapshots.find(scope, sinceTurnId)
    if (!snapshot?.tree) {
      return this.#compareFiles(scope, sinceTurnId, wanted, snapshot?.missing ?? null)
    }
    const now = await this.#snapshots.takeNow(scope)
    if ('missing' in now) return this.#compareFiles(scope, sinceTurnId, wanted, now.missing)
    const trees = { from: snapshot.tree, to: now.tree }
    const inTree = await this.#compareTrees(scope, trees, wanted).catch((error: unknown) => {
      if (!(error instanceof TreesUnreadable)) throw error
      this.#log.warn({ err: error, sessionId: scope.sessionId }, 'snapshot unreadable')
    })
    if (!inTree) return this.#compareFiles(scope, sinceTurnId, wanted, 'failed')
    // Git does not see the session's other directories.
    const [cwd] = scope.directories
    const outside = await this.#compareFiles(scope, sinceTurnId, wanted, null, file => !isInside(cwd, file))
    return join(inTree, outside)
  }

  async #compareTrees(
    scope: FileScope,
    trees: { from: string; to: string },
    wanted: string | undefined,
  ): Promise<WorkspaceDiff> {
    const [cwd] = scope.directories
    const nothing: WorkspaceDiff = {
      source: 'git',
      reason: null,
      files: [],
      text: Buffer.alloc(0),
      truncated: false,
    }
    if (wanted !== undefined && !isInside(cwd, wanted)) return nothing
    const inside = wanted === undefined ? '' : toShownPath(scope.directories, wanted)
    // An escaped name cannot be passed to git, so the path is selected from all changes.
    const isPicked = mayBeEscaped(inside)
    const pair = { ...trees, path: inside === '' || isPicked ? undefined : inside }
    if (pair.from === pair.to) return nothing
    const repository = this.#snapshots.repositoryOf(scope)
    const [entries, { text, truncated }] = await Promise.all([
      listTreeChanges(repository, pair),
      writeTreeDiff(repository, pair, maxTextBytes),
    ])
    const texts = splitDiff(text.toString())
    // The last part may be incomplete.
    if (truncated) texts.pop()
    const files = entries.map((entry, index) => ({ entry, text: texts[index] }))
    const meant = isPicked ? files.filter(({ entry }) => isInside(inside, entry.path)) : files
    return {
      ...nothing,
      files: meant.slice(0, maxFiles).map(({ entry, text }) => withText(entry, text)),
      text: isPicked ? Buffer.from(meant.map(({ text = '' }) => text).join('')) : text,
      truncated: truncated || meant.length > maxFiles,
    }
  }

  async #compareFiles(
    scope: FileScope,
    sinceTurnId: string | null,
    wanted: string | undefined,
    reason: NoSnapshot | null,
    isMeant: (path: string) => boolean = () => true,
  ): Promise<WorkspaceDiff> {
    const changes = await this.#checkpoints.listChanges(scope, sinceTurnId)
    const meant = changes.filter(
      ({ path }) => isMeant(path) && (wanted === undefined || isInside(wanted, path)),
    )
    const limits = { maxFiles, maxTextBytes }
    return { source: 'checkpoints', reason, ...(await diffCheckpoints(scope, meant, this.#contents, limits)) }
  }
}

function toOwnPath({ directories }: FileScope, path: string): string {
  const own = resolve(directories[0], path)
  if (path.includes('\0') || !directories.some(directory => isInside(directory, own))) throw notAllowed(path)
  return own
}

function withText(entry: DiffEntry, text: string | undefined): FileDiff {
  return { ...entry, ...(!entry.binary && text !== undefined && { diff: text }) }
}

function join(a: WorkspaceDiff, b: WorkspaceDiff): WorkspaceDiff {
  return {
    ...a,
    files: [...a.files, ...b.files],
    text: Buffer.concat([a.text, b.text]),
    truncated: a.truncated || b.truncated,
  }
}

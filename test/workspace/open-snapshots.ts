import { join } from 'node:path'
import { Git } from '../../src/workspace/git/git-command.ts'
import { listTreeChanges, splitDiff, writeTreeDiff } from '../../src/workspace/git/git-diff.ts'
import { SnapshotRepository } from '../../src/workspace/history/snapshot-repository.ts'
import { makeRepository } from '../support/git.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

/** A repository of a user with these files, and snapshots of it. */
export function openSnapshots(files?: Record<string, string>) {
  const root = temporaryDirectory()
  const cwd = makeRepository(join(root, 'project'), files)
  const git = new Git({ PATH: process.env.PATH ?? '' }, root)
  const snapshots = new SnapshotRepository(join(root, 'snapshots.git'), git, {
    allowedRoots: [root],
    reserved: [],
  })
  const take = async (): Promise<string> => {
    const result = await snapshots.writeTree([cwd])
    if ('missing' in result) throw new Error(`no snapshot: ${result.missing}, ${result.said}`)
    return result.tree
  }
  const diff = async (from: string, to: string) => {
    const trees = { from, to, path: undefined }
    const entries = await listTreeChanges(snapshots, trees)
    const { text } = await writeTreeDiff(snapshots, trees, 1024 * 1024)
    return { entries, texts: splitDiff(text.toString()) }
  }
  /** Whether every file of a tree is still there. */
  const isWhole = async (tree: string) => (await snapshots.run(['archive', '--format=tar', tree])).code === 0
  const read = async (tree: string, path: string) =>
    (await snapshots.run(['cat-file', 'blob', `${tree}:${path}`])).stdout
  return { cwd, directory: snapshots.directory, take, diff, isWhole, read }
}

import { isUtf8 } from 'node:buffer'
import type { FileDiff } from '../../contract/workspace.ts'
import { toShownTarget } from '../files/file-name.ts'
import type { SnapshotRepository } from '../history/snapshot-repository.ts'
import type { GitResult } from './git-command.ts'

/** A diff without its text. */
export type DiffEntry = Omit<FileDiff, 'diff'>

const quiet = ['diff', '--no-ext-diff', '--no-textconv', '--no-color', '--find-renames']

export interface TreePair {
  from: string
  to: string
  /** Paths relative to the trees; undefined: all. */
  path: string | undefined
}

/** Thrown if git cannot compare trees, because a borrowed object was lost by its repository. */
export class TreesUnreadable extends Error {
  override readonly name = 'TreesUnreadable'

  constructor({ ended, stderr }: GitResult) {
    super(`git could not compare two trees: ${ended ?? stderr}`)
  }
}

/** Lists the differences between two trees, sorted by path. @throws TreesUnreadable */
export async function listTreeChanges(repository: SnapshotRepository, trees: TreePair): Promise<DiffEntry[]> {
  const result = await repository.run([...quiet, '--raw', '--numstat', '-z', ...toArguments(trees)])
  if (result.code !== 0) throw new TreesUnreadable(result)
  const entries = parseRawAndNumstat(result.stdout.toString('latin1'))
  return entries.map(entry => ({
    ...entry,
    path: toShown(entry.path),
    ...(entry.oldPath !== undefined && { oldPath: toShown(entry.oldPath) }),
  }))
}

/** Returns the differences as one text, cut at `maxBytes`. @throws TreesUnreadable */
export async function writeTreeDiff(
  repository: SnapshotRepository,
  trees: TreePair,
  maxBytes: number,
): Promise<{ text: Buffer; truncated: boolean }> {
  const result = await repository.run([...quiet, '--patch', ...toArguments(trees)], { maxBytes })
  const truncated = result.ended === 'too_much'
  if (result.code !== 0 && !truncated) throw new TreesUnreadable(result)
  return {
    text: showNames(
      truncated ? result.stdout.subarray(0, result.stdout.lastIndexOf('\n') + 1) : result.stdout,
    ),
    truncated,
  }
}

/** Converts a path with one character per byte to names as shown. */
function toShown(path: string): string {
  return toShownTarget(Buffer.from(path, 'latin1'))
}

/** Converts names in diff headers to names as shown. The content of files is not changed. */
export function showNames(diff: Buffer): Buffer {
  if (isUtf8(diff)) return diff
  const parts = splitDiff(diff.toString('latin1')).map(part => {
    const end = part.search(/\n(@@ |GIT binary patch)/)
    const header = end < 0 ? part : part.slice(0, end)
    return [header.split('\n').map(toShown).join('\n'), end < 0 ? '' : part.slice(end)]
  })
  return Buffer.concat(
    parts.flatMap(([header = '', rest = '']) => [Buffer.from(header), Buffer.from(rest, 'latin1')]),
  )
}

/** Splits a diff by file, in the order of the list of changes; a change of type (file to link) has two parts. */
export function splitDiff(text: string): string[] {
  // Lines of files begin with a sign, so they never match; note that for `m`, not only a line feed begins a line.
  const parts = text.split(/(?<=^|\n)(?=diff --git )/).filter(part => part !== '')
  const whole: string[] = []
  let header = ''
  for (const part of parts) {
    const own = part.slice(0, part.indexOf('\n'))
    if (own === header) whole.push((whole.pop() ?? '') + part)
    else whole.push(part)
    header = own
  }
  return whole
}

function toArguments({ from, to, path }: TreePair): string[] {
  return [from, to, '--', ...(path === undefined ? [] : [path])]
}

const statuses: Record<string, FileDiff['status']> = { A: 'added', D: 'deleted', R: 'renamed' }

/** Parses the records: those with a leading colon describe the change of a file, the following ones count its lines. */
export function parseRawAndNumstat(output: string): DiffEntry[] {
  const fields = output.split('\0')
  const entries: DiffEntry[] = []
  let index = 0
  for (; fields[index]?.startsWith(':'); ) {
    const letter = fields[index]?.split(' ').at(-1)?.[0] ?? 'M'
    const isRename = letter === 'R'
    const [first = '', second = ''] = fields.slice(index + 1, index + 3)
    entries.push({
      path: isRename ? second : first,
      status: statuses[letter] ?? 'modified',
      ...(isRename && { oldPath: first }),
      insertions: 0,
      deletions: 0,
      binary: false,
    })
    index += isRename ? 3 : 2
  }
  const byPath = new Map(entries.map(entry => [entry.path, entry]))
  while (index < fields.length) {
    // A path may contain tabs.
    const [, insertions = '', deletions = '', path = ''] =
      /^(.*?)\t(.*?)\t(.*)$/s.exec(fields[index] ?? '') ?? []
    const isRename = path === ''
    const entry = byPath.get(isRename ? (fields[index + 2] ?? '') : path)
    if (entry) {
      entry.binary = insertions === '-'
      entry.insertions = entry.binary ? null : Number(insertions)
      entry.deletions = entry.binary ? null : Number(deletions)
    }
    index += isRename ? 3 : 1
  }
  return entries
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { FileEntry } from '../../src/contract/files.ts'
import type { WorkspaceRoots } from '../../src/sessions/ports/index.ts'
import { type LocalFilesOptions, LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

export const secret = 'not for anybody'

/**
 * A workspace in a directory of its own, with a file beside it that must never be seen.
 *
 * @param tree contents by path; `-> target` makes a symbolic link, a path with a slash at its end a directory
 */
export function openFiles(tree: Record<string, string> = {}, options: LocalFilesOptions = {}) {
  const directory = temporaryDirectory()
  const cwd = join(directory, 'work')
  const outside = join(directory, 'outside')
  mkdirSync(cwd)
  mkdirSync(join(outside, 'inner'), { recursive: true })
  writeFileSync(join(outside, 'secret.txt'), secret)
  const fill = (entries: Record<string, string>) => {
    for (const [path, content] of Object.entries(entries)) {
      const absolute = join(cwd, path)
      mkdirSync(path.endsWith('/') ? absolute : dirname(absolute), { recursive: true })
      if (path.endsWith('/')) continue
      if (content.startsWith('-> ')) symlinkSync(content.slice(3), absolute)
      else writeFileSync(absolute, content)
    }
  }
  fill(tree)
  const files = new LocalWorkspaceFiles(options)
  const roots: WorkspaceRoots = [cwd]
  const read = async (path: string, given: WorkspaceRoots = roots) => {
    const file = await files.open(given, path)
    return (await buffer(file.read(0, file.sizeBytes))).toString()
  }
  const write = (path: string, content: string, precondition = {}) =>
    files.write(roots, path, Buffer.from(content), { precondition })
  const remove = (path: string, recursive = false, precondition = {}) =>
    files.remove(roots, path, { recursive, precondition })
  const list = (path = '', more: { depth?: number; limit?: number; cursor?: string } = {}) =>
    files.list(roots, { path, depth: 1, limit: 1000, ...more })
  return { directory, cwd, outside, files, roots, fill, read, write, remove, list }
}

/** Directories `d` in each other, which may be deeper than any path can say, and a file `end` in the last one. */
export function makeDeepTree(where: string, levels: number): void {
  const program = join(import.meta.dirname, '../fixtures/make-deep-tree.ts')
  execFileSync(process.execPath, [program, where, `${levels}`], { env: {} })
}

/** A tree as lines, each level indented. */
export function toLines(entries: readonly FileEntry[], indent = ''): string[] {
  return entries.flatMap(({ name, type, target, children, truncated }) => [
    `${indent}${name} ${type}${target === undefined ? '' : ` -> ${target}`}${truncated ? ' ...' : ''}`,
    ...toLines(children ?? [], `${indent}  `),
  ])
}

export async function errorOf(work: Promise<unknown>): Promise<{ code: string; field?: string | undefined }> {
  try {
    await work
  } catch (error) {
    const { code, details } = error as { code: string; details?: { issues?: { path: string }[] } }
    return { code, field: details?.issues?.[0]?.path }
  }
  throw new Error('nothing went wrong')
}

import { setImmediate } from 'node:timers/promises'
import type { FileDiff } from '../../contract/workspace.ts'
import type { CheckpointedChange, FileScope, FileState, WorkspaceDiff } from '../../sessions/ports/index.ts'
import { toShownPath } from '../files/safe-path.ts'
import { absent, type FoundFile, findFile } from './file-state.ts'
import type { KeptContents } from './kept-contents.ts'
import { asText, diffTexts } from './text-diff.ts'

interface Limits {
  maxFiles: number
  maxTextBytes: number
}

/** Compares earlier states of files with the current ones, without git. */
export async function diffCheckpoints(
  scope: FileScope,
  changes: readonly CheckpointedChange[],
  contents: KeptContents,
  { maxFiles, maxTextBytes }: Limits,
): Promise<Pick<WorkspaceDiff, 'files' | 'text' | 'truncated'>> {
  const files: FileDiff[] = []
  const texts: string[] = []
  let left = maxTextBytes
  let truncated = false
  for (const { path, before } of changes) {
    const now = await findFile(scope.directories, path).catch(() => undefined)
    const after = now?.state ?? absent
    if (before.hash === after.hash) continue
    if (files.length === maxFiles) return { files, text: Buffer.from(texts.join('')), truncated: true }
    const file = await diffFile(scope, path, before, now, contents)
    const text = file.diff ?? toBinaryText(file)
    left -= Buffer.byteLength(text)
    if (left < 0) {
      delete file.diff
      truncated = true
    } else {
      texts.push(text)
    }
    files.push(file)
    // Comparing blocks the event loop.
    await setImmediate()
  }
  return { files, text: Buffer.from(texts.join('')), truncated }
}

async function diffFile(
  scope: FileScope,
  path: string,
  before: FileState,
  now: FoundFile | undefined,
  contents: KeptContents,
): Promise<FileDiff> {
  const isGone = (now?.state.hash ?? null) === null
  const status = before.hash === null ? 'added' : isGone ? 'deleted' : 'modified'
  const shown = toShownPath(scope.directories, path)
  const file: FileDiff = { path: shown, status, insertions: null, deletions: null, binary: true }
  const from = before.hash === null ? null : await findText(scope, before, contents)
  const to = isGone ? null : now?.content && asText(now.content)
  if (from === undefined || to === undefined) return file
  const diff = await diffTexts(shown, from, to)
  return diff ? { ...file, ...diff, binary: false } : { ...file, binary: false }
}

async function findText({ sessionId }: FileScope, { hash }: FileState, contents: KeptContents) {
  const content = hash === null ? undefined : await contents.find(sessionId, hash)
  return content && asText(content)
}

/** Formats the diff of a binary file as git does. */
function toBinaryText({ path, status }: FileDiff): string {
  const from = status === 'added' ? '/dev/null' : `a/${path}`
  const to = status === 'deleted' ? '/dev/null' : `b/${path}`
  return `diff --git a/${path} b/${path}\nBinary files ${from} and ${to} differ\n`
}

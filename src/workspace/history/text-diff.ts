import { isUtf8 } from 'node:buffer'
import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from 'diff'

/** The time of a first synchronous search, which is enough for most files. */
const quickSearchMs = 40
/** The time limit of a longer search, which yields between its steps. */
const patientSearchMs = 5_000

/** Returns undefined if the content is not text. */
export function asText(content: Buffer): string | undefined {
  if (content.subarray(0, 8_000).includes(0) || !isUtf8(content)) return undefined
  return content.toString()
}

export interface TextDiff {
  insertions: number
  deletions: number
  /** A unified diff as from `git diff`. */
  diff: string
}

/** @param from null: the file did not exist @returns undefined if the comparison takes too long */
export async function diffTexts(
  path: string,
  from: string | null,
  to: string | null,
): Promise<TextDiff | undefined> {
  const patch = await findPatch(path, from ?? '', to ?? '')
  if (!patch) return undefined
  const lines = patch.hunks.flatMap(hunk => hunk.lines)
  const head = [`diff --git a/${path} b/${path}`]
  if (from === null) head.push('new file mode 100644')
  if (to === null) head.push('deleted file mode 100644')
  const names = [from === null ? '/dev/null' : `a/${path}`, to === null ? '/dev/null' : `b/${path}`] as const
  const body =
    patch.hunks.length === 0
      ? ''
      : formatPatch({ ...patch, oldFileName: names[0], newFileName: names[1] }, FILE_HEADERS_ONLY)
  return {
    insertions: lines.filter(line => line.startsWith('+')).length,
    deletions: lines.filter(line => line.startsWith('-')).length,
    diff: `${head.join('\n')}\n${body}`,
  }
}

async function findPatch(path: string, from: string, to: string): Promise<StructuredPatch | undefined> {
  const names = [`a/${path}`, `b/${path}`] as const
  const quick = structuredPatch(...names, from, to, undefined, undefined, {
    context: 3,
    timeout: quickSearchMs,
  })
  if (quick) return quick
  return new Promise(resolve =>
    structuredPatch(...names, from, to, undefined, undefined, {
      context: 3,
      timeout: patientSearchMs,
      callback: resolve,
    }),
  )
}

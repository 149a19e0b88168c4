import { parsePatch, type StructuredPatchHunk, structuredPatch } from 'diff'

export type Side = 'old' | 'new'

export interface DiffLine {
  kind: 'added' | 'removed' | 'same'
  /** The number of the line in the old and in the new file; null: it is not there. */
  old: number | null
  new: number | null
  text: string
  /** The file ends here, without a line break. */
  isUnended?: true
}

export interface Hunk {
  /** The numbers of the hunk's header, such as `@@ -1,3 +1,4 @@`. */
  header: string
  lines: DiffLine[]
}

export interface FilePatch {
  hunks: Hunk[]
  insertions: number
  deletions: number
  oldMode: string | null
  newMode: string | null
  isBinary: boolean
}

const kinds: Record<string, DiffLine['kind']> = { '+': 'added', '-': 'removed', ' ': 'same', '': 'same' }

function toHunk({ oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk): Hunk {
  let oldNumber = oldStart
  let newNumber = newStart
  const found: DiffLine[] = []
  for (const line of lines) {
    const mark = line.slice(0, 1)
    const last = found.at(-1)
    if (mark === '\\') {
      if (last) last.isUnended = true
      continue
    }
    const kind = kinds[mark] ?? 'same'
    found.push({
      kind,
      old: kind === 'added' ? null : oldNumber++,
      new: kind === 'removed' ? null : newNumber++,
      text: line.slice(1),
    })
  }
  return { header: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, lines: found }
}

function toFilePatch(hunks: Hunk[]): FilePatch {
  const count = (kind: DiffLine['kind']) =>
    hunks.reduce((sum, { lines }) => sum + lines.filter(line => line.kind === kind).length, 0)
  return {
    hunks,
    insertions: count('added'),
    deletions: count('removed'),
    oldMode: null,
    newMode: null,
    isBinary: false,
  }
}

/** Reads the unified patch of one file. @returns null: the text is not a patch that can be read */
export function readPatch(patch: string): FilePatch | null {
  try {
    const [file] = parsePatch(patch)
    if (!file) return null
    const { oldMode = null, newMode = null, isBinary = false } = file
    return { ...toFilePatch(file.hunks.map(toHunk)), oldMode, newMode, isBinary }
  } catch {
    // A patch that was cut off; its text can still be shown.
    return null
  }
}

/** How long a search for a small difference may block the page. */
const searchMs = 100
const context = 3

/** Compares two texts, without marks for a missing line break at their ends. */
export function compareTexts(before: string, after: string): FilePatch {
  const [from, to] = [ended(before), ended(after)]
  const found = structuredPatch('', '', from, to, '', '', { context, timeout: searchMs })
  return toFilePatch(found ? found.hunks.map(toHunk) : [replaced(from, to)])
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** The difference of texts that have too little in common: all lines out, all lines in. */
function replaced(before: string, after: string): Hunk {
  const [from, to] = [before, after].map(text => text.split('\n').slice(0, -1)) as [string[], string[]]
  return {
    header: `@@ -1,${from.length} +1,${to.length} @@`,
    lines: [
      ...from.map((text, index) => ({ kind: 'removed' as const, old: index + 1, new: null, text })),
      ...to.map((text, index) => ({ kind: 'added' as const, old: null, new: index + 1, text })),
    ],
  }
}

/** A row of the split view; a line that is the same stands on both sides. */
export interface SplitRow {
  left: DiffLine | null
  right: DiffLine | null
}

/** Puts removed lines beside the added lines that follow them. */
export function toSplitRows(lines: readonly DiffLine[]): SplitRow[] {
  const rows: SplitRow[] = []
  let removed: DiffLine[] = []
  let added: DiffLine[] = []
  const flush = () => {
    for (let index = 0; index < Math.max(removed.length, added.length); index += 1) {
      rows.push({ left: removed[index] ?? null, right: added[index] ?? null })
    }
    removed = []
    added = []
  }
  for (const line of lines) {
    if (line.kind === 'added') added.push(line)
    else {
      if (line.kind === 'same' || added.length > 0) flush()
      if (line.kind === 'same') rows.push({ left: line, right: line })
      else removed.push(line)
    }
  }
  flush()
  return rows
}

/** For a changed line, the part that differs from the line which it takes the place of. */
export type Emphasis = ReadonlyMap<DiffLine, readonly [start: number, end: number]>

/** Lines longer than this are not compared by their characters. */
const longestCompared = 1_000

/** Finds the changed part of lines that stand beside each other. */
export function findEmphasis(lines: readonly DiffLine[]): Emphasis {
  const found = new Map<DiffLine, readonly [number, number]>()
  for (const { left, right } of toSplitRows(lines)) {
    if (left?.kind !== 'removed' || right?.kind !== 'added') continue
    const [from, to] = [left.text, right.text]
    const shorter = Math.min(from.length, to.length)
    if (Math.max(from.length, to.length) > longestCompared) continue
    let start = 0
    while (start < shorter && from[start] === to[start]) start += 1
    let end = 0
    while (end < shorter - start && from.at(-1 - end) === to.at(-1 - end)) end += 1
    // Lines that share next to nothing are not versions of each other.
    if (start + end === 0 || (start + end) * 3 < shorter) continue
    found.set(left, [start, from.length - end])
    found.set(right, [start, to.length - end])
  }
  return found
}

import type { TranscriptEntry } from '../../sessions/ports/index.ts'

/**
 * Merges two copies of one transcript, each of which may lack any lines, into one conversation: each line once, parents
 * before children, and no line without a path back to the beginning.
 *
 * If both copies continued from the same line, the later continuation follows the earlier one, so that Claude remembers
 * both. If both have a line, `ours` counts.
 */
export function mergeTranscripts(
  ours: readonly TranscriptEntry[],
  theirs: readonly TranscriptEntry[],
): TranscriptEntry[] {
  const [known, found] = [toKeyed(ours), toKeyed(theirs)]
  const knownKeys = new Set(known.map(({ key }) => key))
  const foundKeys = new Set(found.map(({ key }) => key))
  const joined = parentsFirst(interleave(known, found, knownKeys, foundKeys))
  const isKnownOnly = (entry: Keyed) => !foundKeys.has(entry.key)
  const isFoundOnly = (entry: Keyed) => !knownKeys.has(entry.key)
  return closeGaps(joinBranches(joined, isKnownOnly, isFoundOnly)).map(({ entry }) => entry)
}

/**
 * Removes boundaries of compactions whose summary is missing. Claude Code would begin there with nothing, although the
 * earlier messages still exist.
 */
export function withoutEmptyCompactions(entries: readonly TranscriptEntry[]): TranscriptEntry[] {
  const empty = new Set<TranscriptEntry>()
  let mark: TranscriptEntry | undefined
  for (const entry of entries) {
    if (entry.subtype === 'compact_boundary') {
      mark = entry
      empty.add(entry)
    } else if (entry.isCompactSummary && mark) {
      empty.delete(mark)
    }
  }
  return empty.size > 0
    ? mergeTranscripts(
        entries.filter(entry => !empty.has(entry)),
        [],
      )
    : [...entries]
}

/** Whether both are equal: the same lines in the same order and the same chain. */
export function isSameTranscript(a: readonly TranscriptEntry[], b: readonly TranscriptEntry[]): boolean {
  return a.length === b.length && startsWithTranscript(a, b)
}

/** Whether `whole` begins with all lines of `start`. */
export function startsWithTranscript(
  whole: readonly TranscriptEntry[],
  start: readonly TranscriptEntry[],
): boolean {
  const [wholeKeys, startKeys] = [toKeyed(whole), toKeyed(start)]
  return startKeys.every(({ key, entry }, index) => {
    const other = wholeKeys[index]
    return other?.key === key && other.entry.parentUuid === entry.parentUuid
  })
}

/** Whether there are messages; Claude Code does not resume a conversation without any. */
export function isSpokenIn(entries: readonly TranscriptEntry[]): boolean {
  return entries.some(isSpoken)
}

interface Keyed {
  key: string
  entry: TranscriptEntry
}

/** Lines without a uuid may occur more than once. */
function toKeyed(entries: readonly TranscriptEntry[]): Keyed[] {
  const counts = new Map<string, number>()
  const seen = new Set<string>()
  return entries.flatMap(entry => {
    if (typeof entry.uuid === 'string') {
      if (seen.has(entry.uuid)) return []
      seen.add(entry.uuid)
      return [{ key: entry.uuid, entry }]
    }
    const text = JSON.stringify(entry)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    return [{ key: `${text}#${count}`, entry }]
  })
}

/** Inserts each run of lines that only `found` has after the line that it follows there. */
function interleave(
  known: readonly Keyed[],
  found: readonly Keyed[],
  knownKeys: ReadonlySet<string>,
  foundKeys: ReadonlySet<string>,
): Keyed[] {
  const runs = new Map<string | undefined, Keyed[]>()
  let anchor: string | undefined
  for (const line of found) {
    if (knownKeys.has(line.key)) anchor = line.key
    else runs.set(anchor, [...(runs.get(anchor) ?? []), line])
  }
  const result: Keyed[] = []
  /** The lines that only `known` has, up to the next common line; they and a run are two continuations. */
  let own: Keyed[] = []
  let after = runs.get(undefined) ?? []
  const flush = () => {
    result.push(...(isEarlier(after, own) ? [...after, ...own] : [...own, ...after]))
    own = []
  }
  for (const line of known) {
    if (!foundKeys.has(line.key)) {
      own.push(line)
      continue
    }
    flush()
    result.push(line)
    after = runs.get(line.key) ?? []
  }
  flush()
  return result
}

/** Compares by the chain if possible, otherwise by time. */
function isEarlier(a: readonly Keyed[], b: readonly Keyed[]): boolean {
  if (follows(b, a)) return true
  if (follows(a, b)) return false
  const [timeOfA, timeOfB] = [firstTimeOf(a), firstTimeOf(b)]
  return timeOfA !== undefined && timeOfB !== undefined && timeOfA < timeOfB
}

function follows(a: readonly Keyed[], b: readonly Keyed[]): boolean {
  const parents = new Set(b.map(({ key }) => key))
  return a.some(({ entry }) => parents.has(entry.parentUuid as string))
}

function firstTimeOf(lines: readonly Keyed[]): number | undefined {
  for (const { entry } of lines) {
    const time = typeof entry.timestamp === 'string' ? Date.parse(entry.timestamp) : Number.NaN
    if (!Number.isNaN(time)) return time
  }
  return undefined
}

/** Keeps the order, except for children that come before their parents. */
function parentsFirst(lines: readonly Keyed[]): Keyed[] {
  const byUuid = new Map(lines.map(line => [line.key, line]))
  const placed = new Set<Keyed>()
  const result: Keyed[] = []
  for (const line of lines) {
    const path: Keyed[] = []
    let next: Keyed | undefined = line
    // A circular chain ends here.
    while (next && !placed.has(next)) {
      placed.add(next)
      path.push(next)
      next = byUuid.get(next.entry.parentUuid as string)
    }
    result.push(...path.reverse())
  }
  return result
}

/** If both copies continued with a prompt, links the later continuation to the end of the earlier one. */
function joinBranches(
  lines: readonly Keyed[],
  isKnownOnly: (line: Keyed) => boolean,
  isFoundOnly: (line: Keyed) => boolean,
): Keyed[] {
  const uuids = new Set(lines.map(({ key }) => key))
  const parentOf = ({ entry }: Keyed) => (uuids.has(entry.parentUuid as string) ? entry.parentUuid : null)
  /** The newest line of each continuation, by the common line where it began. */
  const ends = new Map<unknown, { isKnown: boolean; end: string }[]>()
  const startOf = new Map<string, unknown>()
  return lines.map(line => {
    const isKnown = isKnownOnly(line)
    if (!isChained(line.entry) || !(isKnown || isFoundOnly(line))) return line
    const parent = parentOf(line)
    const start = startOf.has(parent as string) ? startOf.get(parent as string) : parent
    startOf.set(line.key, start)
    const branches = ends.get(start) ?? []
    ends.set(start, branches)
    const own = branches.find(branch => branch.isKnown === isKnown)
    const other = branches.find(branch => branch.isKnown !== isKnown)
    if (own) own.end = line.key
    else branches.push({ isKnown, end: line.key })
    if (own || !other || parent !== start || !canFollow(line.entry)) return line
    return { ...line, entry: { ...line.entry, parentUuid: other.end } }
  })
}

/** Links lines whose parent is missing to the preceding message. */
function closeGaps(lines: readonly Keyed[]): Keyed[] {
  const uuids = new Set(lines.map(({ key }) => key))
  let last: string | null = null
  return lines.map(line => {
    const { parentUuid } = line.entry
    const isLoose = typeof parentUuid === 'string' && !uuids.has(parentUuid)
    const closed: Keyed = isLoose ? { ...line, entry: { ...line.entry, parentUuid: last } } : line
    if (isChained(line.entry)) last = line.key
    return closed
  })
}

function isChained({ uuid, parentUuid }: TranscriptEntry): boolean {
  return typeof uuid === 'string' && parentUuid !== undefined
}

function isSpoken({ type }: TranscriptEntry): boolean {
  return type === 'user' || type === 'assistant'
}

/** Whether a line begins a prompt. A tool's result belongs to its call, and a boundary has no parent on purpose. */
function canFollow({ type, message }: TranscriptEntry): boolean {
  if (type === 'attachment') return true
  if (type !== 'user') return false
  const { content } = (message ?? {}) as { content?: unknown }
  const blocks = Array.isArray(content) ? (content as { type?: unknown }[]) : []
  return !blocks.some(block => block?.type === 'tool_result')
}

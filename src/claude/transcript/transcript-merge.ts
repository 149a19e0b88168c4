import type { TranscriptEntry } from '../../sessions/ports/index.ts'

/**
 * Joins two copies of one transcript, each of which may lack any of its lines, into one conversation: every line
 * once, parents before their children, and no line without a way back to the beginning.
 *
 * Where both copies continued from the same line on their own, the later continuation follows the earlier one, so
 * that Claude remembers both. Where both have a line, `ours` counts.
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
 * Without the marks of compactions whose summary is missing: Claude Code would begin there with nothing, while what
 * was said before is there still.
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

/** Whether both say the same: the same lines, in the same order, in the same chain. */
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

/** Whether anything has been said: Claude Code does not resume a conversation without a message. */
export function isSpokenIn(entries: readonly TranscriptEntry[]): boolean {
  return entries.some(isSpoken)
}

interface Keyed {
  key: string
  entry: TranscriptEntry
}

/** Lines without a uuid may be there more than once. */
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

/** Puts each run of lines that only `found` has after the line that it follows there. */
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
  /** Lines that only `known` has, until the next common line: they and a run are two continuations. */
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

/** By the chain where it tells, else by time. */
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

/** Keeps the order but for children that come before their parents. */
function parentsFirst(lines: readonly Keyed[]): Keyed[] {
  const byUuid = new Map(lines.map(line => [line.key, line]))
  const placed = new Set<Keyed>()
  const result: Keyed[] = []
  for (const line of lines) {
    const path: Keyed[] = []
    let next: Keyed | undefined = line
    // A chain that leads back to itself ends where it does.
    while (next && !placed.has(next)) {
      placed.add(next)
      path.push(next)
      next = byUuid.get(next.entry.parentUuid as string)
    }
    result.push(...path.reverse())
  }
  return result
}

/** Where each copy continued on its own with a prompt, the later continuation follows the end of the earlier one. */
function joinBranches(
  lines: readonly Keyed[],
  isKnownOnly: (line: Keyed) => boolean,
  isFoundOnly: (line: Keyed) => boolean,
): Keyed[] {
  const uuids = new Set(lines.map(({ key }) => key))
  const parentOf = ({ entry }: Keyed) => (uuids.has(entry.parentUuid as string) ? entry.parentUuid : null)
  /** The newest line of each continuation, by the common line that it began at. */
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

/** Lines whose parent is missing follow what was said before them. */
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

/** A prompt, or what is written before one; a tool's result belongs to its call, a boundary begins anew on purpose. */
function canFollow({ type, message }: TranscriptEntry): boolean {
  if (type === 'attachment') return true
  if (type !== 'user') return false
  const { content } = (message ?? {}) as { content?: unknown }
  const blocks = Array.isArray(content) ? (content as { type?: unknown }[]) : []
  return !blocks.some(block => block?.type === 'tool_result')
}

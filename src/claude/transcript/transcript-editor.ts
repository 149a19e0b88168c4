import type {
  TranscriptBranch,
  TranscriptEditor,
  TranscriptEntry,
  TranscriptPart,
} from '../../sessions/ports/index.ts'

/**
 * Branches Claude Code's transcripts; see the port. The lines of a conversation are a chain (`parentUuid`) in the order
 * of writing, so everything before a prompt was written before it. This also holds across compactions: a boundary is
 * one more line, and the lines that it replaces for Claude still exist.
 */
export const transcriptEditor: TranscriptEditor = {
  branch(parts, before, claudeSessionId) {
    const main = parts.find(({ subpath }) => subpath === null)?.entries ?? []
    const cut = main.findIndex(({ uuid }) => uuid !== undefined && before.has(uuid))
    const kept = cut === -1 ? main : withoutLooseEnds(main.slice(0, cut))
    if (!kept.some(isSpoken)) return { parts: [], begun: false }
    const cutAt = cut === -1 ? undefined : timeOf(main[cut])
    return toBranch(
      [{ subpath: null, entries: kept }, ...parts.filter(isSubordinate).map(part => cutByTime(part, cutAt))],
      claudeSessionId,
    )
  },
}

function toBranch(parts: TranscriptPart[], claudeSessionId: string): TranscriptBranch {
  return {
    begun: true,
    parts: parts
      .filter(({ entries }) => entries.length > 0)
      .map(({ subpath, entries }) => ({
        subpath,
        entries: entries.map(entry =>
          entry.sessionId === undefined ? entry : { ...entry, sessionId: claudeSessionId },
        ),
      })),
  }
}

function isSubordinate({ subpath }: TranscriptPart): boolean {
  return subpath !== null
}

function isSpoken({ type }: TranscriptEntry): boolean {
  return type === 'user' || type === 'assistant'
}

/**
 * Lines outside the chain are written at any time: a removed prompt was announced by `queue-operation`, and may be
 * named as the end of the conversation.
 */
function withoutLooseEnds(entries: TranscriptEntry[]): TranscriptEntry[] {
  const uuids = new Set(entries.flatMap(({ uuid }) => uuid ?? []))
  const end = entries.findLastIndex(({ uuid }) => uuid !== undefined)
  return entries.filter(
    ({ type, leafUuid }, index) =>
      !(type === 'queue-operation' && index > end) && !(typeof leafUuid === 'string' && !uuids.has(leafUuid)),
  )
}

/** Cuts a subagent's transcript by time, because it is not part of the chain. */
function cutByTime({ subpath, entries }: TranscriptPart, cutAt: number | undefined): TranscriptPart {
  if (cutAt === undefined) return { subpath, entries }
  const cut = entries.findIndex(entry => (timeOf(entry) ?? 0) >= cutAt)
  const kept = cut === -1 ? entries : entries.slice(0, cut)
  return { subpath, entries: kept.some(isSpoken) ? kept : [] }
}

function timeOf(entry: TranscriptEntry | undefined): number | undefined {
  const time = typeof entry?.timestamp === 'string' ? Date.parse(entry.timestamp) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

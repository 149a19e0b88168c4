import { randomUUID } from 'node:crypto'
import type { TranscriptEntry } from '../../sessions/ports/index.ts'

interface Block {
  type: string
  id?: string
  tool_use_id?: string
  name?: string
  input?: unknown
}

interface SpokenEntry extends TranscriptEntry {
  uuid: string
  message: { id?: string; content: string | Block[] }
}

/**
 * Returns the entries that a transcript needs at its end, so that a new process asks again for the permission of a tool
 * call under the same id, and continues from there. Claude Code writes the same entry when a `PreToolUse` hook answers
 * `defer`.
 *
 * @returns the entries to append, empty if they exist already; undefined if the conversation does not end with this
 * call, or if other calls of the same message have no result, because Claude Code would forget them
 */
export function toDeferral(
  entries: readonly TranscriptEntry[],
  toolUseId: string,
): TranscriptEntry[] | undefined {
  const chain = entries.filter(entry => entry.uuid !== undefined && entry.isSidechain !== true)
  const spoken = chain.filter(isSpoken)
  const holder = spoken.findLast(entry => callsOf(entry).some(({ id }) => id === toolUseId))
  const call = holder && callsOf(holder).find(({ id }) => id === toolUseId)
  if (!holder || !call) return undefined
  const answered = new Set(spoken.flatMap(resultsOf))
  const siblings = spoken.filter(({ message }) => message.id === holder.message.id).flatMap(callsOf)
  const isOpen = siblings.every(({ id }) => answered.has(id) !== (id === toolUseId))
  const ids = new Set(siblings.map(({ id }) => id))
  const isLast = spoken
    .slice(spoken.indexOf(holder) + 1)
    .every(entry => entry.message.id === holder.message.id || resultsOf(entry).some(id => ids.has(id)))
  if (!isOpen || !isLast) return undefined
  if (chain.some(entry => isDeferralOf(entry, toolUseId))) return []
  const { cwd, sessionId, version, gitBranch, userType, entrypoint } = holder
  return [
    {
      parentUuid: holder.uuid,
      isSidechain: false,
      attachment: {
        type: 'hook_deferred_tool',
        toolUseID: call.id,
        toolName: call.name,
        toolInput: call.input,
        hookName: 'settings',
        hookEvent: 'PreToolUse',
      },
      type: 'attachment',
      uuid: randomUUID(),
      timestamp: new Date().toISOString(),
      ...{ userType, entrypoint, cwd, sessionId, version, gitBranch },
    },
  ]
}

/**
 * Cuts the transcript before the result of the call. A process whose server is gone gives a failed result to a call
 * that waits for a person, and continues.
 */
export function beforeResult(entries: readonly TranscriptEntry[], toolUseId: string): TranscriptEntry[] {
  const result = entries.findIndex(entry => isSpoken(entry) && resultsOf(entry).includes(toolUseId))
  return result === -1 ? [...entries] : entries.slice(0, result)
}

/**
 * Removes such entries for calls that will not be resumed: their turn is over, and Claude Code would resume them with
 * the next prompt. Following lines are linked to the preceding ones.
 *
 * @param continueAt the call to resume
 */
export function withoutDeferrals(
  entries: readonly TranscriptEntry[],
  continueAt: string | undefined,
): TranscriptEntry[] {
  const isDead = (entry: TranscriptEntry) =>
    isDeferral(entry) && !(continueAt !== undefined && isDeferralOf(entry, continueAt))
  const parents = new Map(entries.filter(isDead).map(({ uuid, parentUuid }) => [uuid, parentUuid]))
  if (parents.size === 0) return [...entries]
  const toParent = (uuid: unknown): unknown =>
    parents.has(uuid as string) ? toParent(parents.get(uuid as string)) : uuid
  return entries
    .filter(entry => !isDead(entry))
    .map(entry =>
      parents.has(entry.parentUuid as string) ? { ...entry, parentUuid: toParent(entry.parentUuid) } : entry,
    )
}

function isSpoken(entry: TranscriptEntry): entry is SpokenEntry {
  return entry.type === 'user' || entry.type === 'assistant'
}

function blocksOf({ message }: SpokenEntry): Block[] {
  return typeof message.content === 'string' ? [] : message.content
}

function callsOf(entry: SpokenEntry): Block[] {
  return blocksOf(entry).filter(({ type }) => type === 'tool_use')
}

function resultsOf(entry: SpokenEntry): (string | undefined)[] {
  return blocksOf(entry).flatMap(({ type, tool_use_id }) => (type === 'tool_result' ? [tool_use_id] : []))
}

function isDeferralOf(entry: TranscriptEntry, toolUseId: string): boolean {
  return isDeferral(entry) && (entry.attachment as { toolUseID?: unknown }).toolUseID === toolUseId
}

function isDeferral({ type, attachment }: TranscriptEntry): boolean {
  return (
    type === 'attachment' && (attachment as { type?: unknown } | undefined)?.type === 'hook_deferred_tool'
  )
}

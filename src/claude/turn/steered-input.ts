import type { AgentSpec, SteeredInput, TranscriptEntry, TranscriptStore } from '../../sessions/ports/index.ts'

/**
 * Finds steered input that an earlier process of the turn had not read when it ended, so that it is not in the
 * conversation.
 */
export async function findMissedInput(
  transcripts: TranscriptStore | undefined,
  { tenantId, claudeSessionId }: AgentSpec,
  steered: readonly SteeredInput[],
): Promise<readonly SteeredInput[]> {
  if (steered.length === 0) return []
  const entries = await transcripts?.loadTranscript({ tenantId, claudeSessionId, subpath: null })
  const known = new Set(entries?.flatMap(toIds))
  return steered.filter(({ id }) => !known.has(id))
}

/** Whether a line contains the input: an attachment if it was read between two steps, a message after an answer. */
function toIds({ uuid, attachment }: TranscriptEntry): unknown[] {
  return [uuid, (attachment as { source_uuid?: unknown } | undefined)?.source_uuid]
}

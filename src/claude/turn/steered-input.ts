import type { AgentSpec, SteeredInput, TranscriptEntry, TranscriptStore } from '../../sessions/ports/index.ts'

/**
 * What an earlier process of the turn was given as more input and had not taken up when it ended: the conversation
 * knows nothing of it.
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

/** Taken up between two steps it is an attachment, after an answer a message. */
function toIds({ uuid, attachment }: TranscriptEntry): unknown[] {
  return [uuid, (attachment as { source_uuid?: unknown } | undefined)?.source_uuid]
}

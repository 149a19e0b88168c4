import type { SessionStore } from '@anthropic-ai/claude-agent-sdk'
import type { TranscriptEntry, TranscriptStore } from '../sessions/ports.ts'

/**
 * Claude Code's transcripts in our store, so that a conversation outlives its configuration directory and its
 * machine (SDK option `sessionStore`).
 *
 * The SDK's `projectKey` is made of the working directory. It is left out of ours: on another machine the same
 * conversation may work elsewhere, and a conversation's id is unique without it.
 */
export function mirrorTranscripts(transcripts: TranscriptStore, tenantId: string): SessionStore {
  const toKey = (key: { sessionId: string; subpath?: string }) => ({
    tenantId,
    claudeSessionId: key.sessionId,
    subpath: key.subpath ?? null,
  })
  return {
    append: (key, entries) => transcripts.appendTranscript(toKey(key), entries as TranscriptEntry[]),
    load: key => transcripts.loadTranscript(toKey(key)),
    listSubkeys: ({ sessionId }) =>
      transcripts.listTranscriptSubpaths({ tenantId, claudeSessionId: sessionId }),
  }
}

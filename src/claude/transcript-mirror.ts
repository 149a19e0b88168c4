import type { SessionStore } from '@anthropic-ai/claude-agent-sdk'
import type { TranscriptEntry, TranscriptStore } from '../sessions/ports.ts'
import { toDeferral, withoutDeferrals } from './deferral.ts'

/**
 * Claude Code's transcripts in our store, so that a conversation outlives its configuration directory and its
 * machine (SDK option `sessionStore`).
 *
 * The SDK's `projectKey` is made of the working directory. It is left out of ours: on another machine the same
 * conversation may work elsewhere, and a conversation's id is unique without it.
 */
export function mirrorTranscripts(
  transcripts: TranscriptStore,
  tenantId: string,
  continueAt?: string,
): SessionStore {
  const toKey = (key: { sessionId: string; subpath?: string }) => ({
    tenantId,
    claudeSessionId: key.sessionId,
    subpath: key.subpath ?? null,
  })
  return {
    append: (key, entries) => transcripts.appendTranscript(toKey(key), entries as TranscriptEntry[]),
    async load(key) {
      const stored = await transcripts.loadTranscript(toKey(key))
      const entries = stored && withoutDeferrals(stored, continueAt)
      const deferral = continueAt !== undefined && entries && !key.subpath && toDeferral(entries, continueAt)
      if (!deferral) return entries
      // Stored as well: what Claude Code writes next refers to it.
      await transcripts.appendTranscript(toKey(key), deferral)
      return [...entries, ...deferral]
    },
    listSubkeys: ({ sessionId }) =>
      transcripts.listTranscriptSubpaths({ tenantId, claudeSessionId: sessionId }),
  }
}

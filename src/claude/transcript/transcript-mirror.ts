import type { SessionStore } from '@anthropic-ai/claude-agent-sdk'
import type { TranscriptEntry, TranscriptPart, TranscriptStore } from '../../sessions/ports/index.ts'

/**
 * Claude Code's transcripts in our store, so that a conversation outlives its configuration directory and its
 * machine (SDK option `sessionStore`).
 *
 * The SDK's `projectKey` is made of the working directory. It is left out of ours: on another machine the same
 * conversation may work elsewhere, and a conversation's id is unique without it.
 *
 * @param given what the SDK gives Claude Code to resume from, in a configuration directory made for the process;
 *   none: Claude Code resumes from its own files
 */
export function mirrorTranscripts(
  transcripts: TranscriptStore,
  tenantId: string,
  given: readonly TranscriptPart[] = [],
): SessionStore {
  return {
    append: ({ sessionId, subpath }, entries) =>
      transcripts.appendTranscript(
        { tenantId, claudeSessionId: sessionId, subpath: subpath ?? null },
        entries as TranscriptEntry[],
      ),
    load: async ({ subpath = null }) => given.find(part => part.subpath === subpath)?.entries ?? null,
    listSubkeys: async () => given.flatMap(({ subpath }) => subpath ?? []),
  }
}

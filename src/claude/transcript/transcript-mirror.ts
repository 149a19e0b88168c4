import type { SessionStore } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, TranscriptEntry, TranscriptPart } from '../../sessions/ports/index.ts'

/**
 * Claude Code's transcripts in our store, so that a conversation outlives its configuration directory and its
 * machine (SDK option `sessionStore`).
 *
 * The SDK's `projectKey` is made of the working directory. It is left out of ours: on another machine the same
 * conversation may work elsewhere, and a conversation's id is unique without it.
 *
 * The SDK waits for `append` before it hands on the result of a turn. The lines are stored with the message that they
 * belong to, so the answer does not wait for the disk: what a crash loses of them is in Claude Code's own file, and
 * `ConversationRecovery` brings it into the store.
 *
 * @param given what the SDK gives Claude Code to resume from, in a configuration directory made for the process;
 *   none: Claude Code resumes from its own files
 */
export function mirrorTranscripts(
  listener: Pick<AgentListener, 'onTranscript'>,
  tenantId: string,
  given: readonly TranscriptPart[] = [],
): SessionStore {
  return {
    append: async ({ sessionId, subpath }, entries) =>
      listener.onTranscript(
        { tenantId, claudeSessionId: sessionId, subpath: subpath ?? null },
        entries as TranscriptEntry[],
      ),
    load: async ({ subpath = null }) => given.find(part => part.subpath === subpath)?.entries ?? null,
    listSubkeys: async () => given.flatMap(({ subpath }) => subpath ?? []),
  }
}

import type { SessionStore } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, TranscriptEntry, TranscriptPart } from '../../sessions/ports/index.ts'

/**
 * Mirrors Claude Code's transcripts into our store, so that a conversation outlives its configuration directory and its
 * machine (SDK option `sessionStore`).
 *
 * The SDK's `projectKey` contains the working directory. Our keys omit it, because a conversation may work elsewhere on
 * another machine, and its id is unique anyway.
 *
 * The SDK waits for `append` before it passes on the result of a turn. Lines are stored with the message that they
 * belong to, so the answer does not wait for the disk. Lines lost in a crash are in Claude Code's own file, from which
 * `ConversationRecovery` adds them to the store.
 *
 * @param given the transcript that the SDK passes to Claude Code in a configuration directory for the process;
 *   undefined: Claude Code resumes from its own files
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

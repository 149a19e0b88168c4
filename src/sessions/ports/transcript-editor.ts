import type { TranscriptEntry } from './conversation-store.ts'

/** One transcript of a conversation: its own, or with a `subpath` one that belongs to it. */
export interface TranscriptPart {
  subpath: string | null
  entries: TranscriptEntry[]
}

export interface TranscriptBranch {
  parts: TranscriptPart[]
  /** Whether anything has been said in it, so that it has to be resumed. */
  begun: boolean
}

/** Knows what the lines of a transcript mean. */
export interface TranscriptEditor {
  /**
   * Returns the conversation as it was before a prompt, as transcripts of a new conversation. Lines keep their
   * uuids, so that the branch can be cut at the same prompts again.
   *
   * @param before uuids of the prompts that are left out with all that follows them; none: all of it is taken
   * @param claudeSessionId of the new conversation
   */
  branch(
    parts: readonly TranscriptPart[],
    before: ReadonlySet<string>,
    claudeSessionId: string,
  ): TranscriptBranch
}

/** Names one transcript of Claude Code: a conversation's own, or with `subpath` one that belongs to it. */
export interface TranscriptKey {
  tenantId: string
  claudeSessionId: string
  subpath: string | null
}

/** One line of a transcript, as Claude Code wrote it. */
export interface TranscriptEntry {
  type: string
  uuid?: string
  [field: string]: unknown
}

/** What Claude Code needs to take up a conversation where its own files are gone. */
export interface TranscriptStore {
  /** In order; entries with a `uuid` that is there already are left out. */
  appendTranscript(key: TranscriptKey, entries: TranscriptEntry[]): Promise<void>
  /** Everything that was appended is gone, and this is there; unless it is not `count` entries any more. */
  replaceTranscript(key: TranscriptKey, entries: TranscriptEntry[], count: number): Promise<void>
  /** null when nothing was ever appended. Rows that are no entries are left out. */
  loadTranscript(key: TranscriptKey): Promise<TranscriptEntry[] | null>
  listTranscriptSubpaths(key: Omit<TranscriptKey, 'subpath'>): Promise<string[]>
  /** All that was ever appended for the conversation; for one that did not come to be. */
  removeTranscripts(key: Omit<TranscriptKey, 'subpath'>): Promise<void>
}

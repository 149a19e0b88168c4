import type { Log } from '../../lib/log.ts'
import type {
  AgentSpec,
  TranscriptEntry,
  TranscriptPart,
  TranscriptStore,
} from '../../sessions/ports/index.ts'
import { beforeResult, toDeferral, withoutDeferrals } from '../questions/deferral.ts'
import {
  type FoundTranscripts,
  isMetadata,
  type TranscriptFile,
  TranscriptFiles,
  type TranscriptPlaces,
} from './transcript-files.ts'
import {
  isSameTranscript,
  isSpokenIn,
  mergeTranscripts,
  startsWithTranscript,
  withoutEmptyCompactions,
} from './transcript-merge.ts'

/** The number of lines per transaction, so that a long transcript does not block other writes. */
const linesAtOnce = 200

/** The state of a conversation for the start of its next process. */
export interface RecoveredConversation {
  /** Whether the conversation has messages and must be resumed. */
  begun: boolean
  /** Whether Claude Code's own files are complete; otherwise the process must get `parts`. */
  isOnFile: boolean
  /** Whether Claude Code has a file of an empty conversation, so that the id cannot be used again. */
  isTaken: boolean
  /** Whether the store's transcript is complete. */
  isStored: boolean
  parts: TranscriptPart[]
}

type Conversation = Pick<AgentSpec, 'tenantId' | 'claudeSessionId' | 'cwd' | 'continueAt'>

/**
 * Reconciles the transcripts of the store and of Claude Code's own files. After a crash, a restore or a move to another
 * machine, either can be complete, partial or missing; each gets the lines that only the other has.
 */
export class ConversationRecovery {
  readonly #transcripts: TranscriptStore
  readonly #files: TranscriptFiles
  readonly #log: Pick<Log, 'warn'>

  constructor(transcripts: TranscriptStore, places: TranscriptPlaces, log: Pick<Log, 'warn'>) {
    this.#transcripts = transcripts
    this.#files = new TranscriptFiles(places)
    this.#log = log
  }

  /** Must be called while no process works in the conversation. Rejects if the store cannot be read. */
  async prepare(conversation: Conversation): Promise<RecoveredConversation> {
    const { claudeSessionId, cwd, continueAt } = conversation
    const [stored, found] = await Promise.all([
      this.#load(conversation),
      this.#files.find(claudeSessionId, cwd),
    ])
    const parts = this.#merge(stored, found, continueAt).map(({ subpath, entries }) => ({
      subpath,
      entries: withoutEmptyCompactions(entries),
    }))
    const main = parts.find(({ subpath }) => subpath === null)?.entries ?? []
    if (!isSpokenIn(main)) {
      const isTaken = await this.#setAside(conversation, found)
      return { begun: false, isOnFile: false, isTaken, isStored: true, parts: [] }
    }
    if (continueAt !== undefined) addDeferral(parts, continueAt)
    const isStored = await this.#store(conversation, stored, parts)
    const onFile = parts.map(part =>
      part.subpath === null ? { ...part, entries: withoutDeferrals(part.entries, continueAt) } : part,
    )
    return {
      begun: true,
      isOnFile: await this.#write(conversation, found, onFile),
      isTaken: false,
      isStored,
      parts: onFile,
    }
  }

  /** Adds lines that only Claude Code's own files have to the store; changes no file. */
  async complete(conversation: Conversation): Promise<void> {
    const [stored, found] = await Promise.all([
      this.#load(conversation),
      this.#files.find(conversation.claudeSessionId, conversation.cwd),
    ])
    await this.#store(conversation, stored, this.#merge(stored, found, conversation.continueAt))
  }

  async #load({ tenantId, claudeSessionId }: Conversation): Promise<TranscriptPart[]> {
    const key = { tenantId, claudeSessionId }
    const subpaths = await this.#transcripts.listTranscriptSubpaths(key)
    return Promise.all(
      [null, ...subpaths].map(async subpath => ({
        subpath,
        entries: (await this.#transcripts.loadTranscript({ ...key, subpath })) ?? [],
      })),
    )
  }

  #merge(
    stored: TranscriptPart[],
    found: FoundTranscripts,
    continueAt: string | undefined,
  ): TranscriptPart[] {
    const files = [...[...found.own].map(([subpath, { entries }]) => ({ subpath, entries })), ...found.others]
    const subpaths = new Set([...stored, ...files].map(({ subpath }) => subpath))
    return [...subpaths].map(subpath => {
      const known = stored.find(part => part.subpath === subpath)?.entries ?? []
      // The call waits for its answer; the result that a dying process wrote is not the person's answer.
      if (subpath === null && continueAt !== undefined && toDeferral(known, continueAt)) {
        return { subpath, entries: known }
      }
      const entries = files
        .filter(part => part.subpath === subpath)
        .map(file => (continueAt === undefined ? file.entries : beforeResult(file.entries, continueAt)))
        .reduce((merged, lines) => mergeTranscripts(merged, newIn(merged, lines)), known)
      return { subpath, entries: mergeTranscripts(entries, []) }
    })
  }

  /**
   * Lines that cannot be stored now are found again at the next start.
   * @returns whether everything is stored
   */
  async #store(
    { tenantId, claudeSessionId }: Conversation,
    stored: readonly TranscriptPart[],
    parts: readonly TranscriptPart[],
  ): Promise<boolean> {
    let isStored = true
    for (const { subpath, entries } of parts) {
      const known = stored.find(part => part.subpath === subpath)?.entries ?? []
      const wanted = entries.filter(isMirrored)
      if (isSameTranscript(wanted, known)) continue
      const key = { tenantId, claudeSessionId, subpath }
      this.#log.warn(
        { claudeSessionId, subpath, stored: known.length, lines: wanted.length },
        'transcript completed',
      )
      try {
        if (!startsWithTranscript(wanted, known)) {
          await this.#transcripts.replaceTranscript(key, wanted, known.length)
          continue
        }
        for (let start = known.length; start < wanted.length; start += linesAtOnce) {
          await this.#transcripts.appendTranscript(key, wanted.slice(start, start + linesAtOnce))
        }
      } catch (error) {
        isStored = false
        this.#log.warn({ err: error, claudeSessionId }, 'transcript write to the store failed')
      }
    }
    return isStored
  }

  /** @returns whether all files are complete */
  async #write(
    { claudeSessionId, cwd }: Conversation,
    found: FoundTranscripts,
    parts: readonly TranscriptPart[],
  ): Promise<boolean> {
    try {
      await this.#files.update(claudeSessionId, cwd, parts, part => {
        const file = found.own.get(part.subpath)
        return file !== undefined && isUpToDate(file, part)
      })
      return true
    } catch (error) {
      this.#log.warn({ err: error, claudeSessionId }, 'transcript write for Claude Code failed')
      return false
    }
  }

  /** @returns whether there still is a file */
  async #setAside({ claudeSessionId, cwd }: Conversation, { own }: FoundTranscripts): Promise<boolean> {
    const file = own.get(null)
    if (!file) return false
    return this.#files.setAside(claudeSessionId, cwd, file).then(
      () => false,
      error => {
        this.#log.warn({ err: error, claudeSessionId }, 'empty transcript removal failed')
        return true
      },
    )
  }
}

/** Ignores the records of requests in Claude Code's files, which Claude Code does not mirror. */
function isMirrored({ type }: TranscriptEntry): boolean {
  return !type.startsWith('api-request')
}

function isUpToDate(file: TranscriptFile, { entries }: TranscriptPart): boolean {
  const isLine = (entry: TranscriptEntry) => !isMetadata(entry)
  return (
    file.isClean &&
    file.entries.some(isMetadata) === entries.some(isMetadata) &&
    isSameTranscript(file.entries.filter(isLine), entries.filter(isLine))
  )
}

/** Prefers the stored metadata of a subagent, which each change rewrites. */
function newIn(known: readonly TranscriptEntry[], found: readonly TranscriptEntry[]): TranscriptEntry[] {
  const hasMetadata = known.some(isMetadata)
  return found.filter(entry => !(hasMetadata && isMetadata(entry)))
}

/** Also stores this line, because the next lines of Claude Code refer to it. */
function addDeferral(parts: TranscriptPart[], continueAt: string): void {
  const main = parts.find(({ subpath }) => subpath === null)
  if (main) main.entries = [...main.entries, ...(toDeferral(main.entries, continueAt) ?? [])]
}

import { randomUUID } from 'node:crypto'
import type { Options, Query, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Log } from '../../lib/log.ts'
import type { AgentSpec, ConversationReport, TranscriptPart } from '../../sessions/ports/index.ts'
import type { ConversationRecovery, RecoveredConversation } from '../transcript/conversation-recovery.ts'
import { type ConversationMismatch, findMismatch } from './exit-reason.ts'
import { type LiveQuery, openQuery, type ProcessKeeping } from './live-query.ts'
import type { ProcessTree } from './process-tree.ts'
import type { Wrap } from './spawn-claude.ts'
import type { TerminationBounds } from './termination.ts'

export interface ConversationParts {
  /** Undefined: there is no store, only Claude Code's own files. */
  recovery: ConversationRecovery | undefined
  /** @param given the transcript to resume from; undefined: Claude Code's own files */
  toOptions(spec: AgentSpec, given: readonly TranscriptPart[] | undefined): Options
  keeping: Omit<ProcessKeeping, 'claudeSessionId' | 'wrap'>
  /** Opens the box of the process; undefined: it runs without one. */
  openBox?: (() => OpenBox) | undefined
  log: Pick<Log, 'warn'>
  /** Called for each started process; there is a second one if the first could not open the conversation. */
  onStart(query: Query, spec: AgentSpec): void
}

export interface OpenBox {
  wrap: Wrap
  close(): void
}

/** How a conversation is opened: `new`, from Claude Code's own `files`, or from a `given` transcript. */
type Way = 'new' | 'files' | 'given'

/**
 * The process of a conversation. Recovers the conversation before the start. If Claude Code refuses to open it in one
 * way, tries another; the last way is to begin a new conversation with another id.
 */
export class ConversationProcess implements LiveQuery {
  readonly #parts: ConversationParts
  readonly #opening: Promise<void>
  readonly #tried = new Set<Way>()
  #spec: AgentSpec
  #recovered: RecoveredConversation | undefined
  #live: LiveQuery | undefined
  #hasStarted = false
  #ended = false
  #box: OpenBox | undefined

  constructor(spec: AgentSpec, parts: ConversationParts) {
    this.#spec = spec
    this.#parts = parts
    this.#opening = this.#prepare()
  }

  /** @throws Error before the first process has started */
  get query(): Query {
    if (!this.#live) throw new Error('the process has not started yet')
    return this.#live.query
  }

  get tree(): ProcessTree | undefined {
    return this.#live?.tree
  }

  /** The state with which the conversation was opened; undefined without a store. */
  get report(): ConversationReport | undefined {
    if (!this.#parts.recovery) return undefined
    const { claudeSessionId, resume } = this.#spec
    const main = this.#recovered?.parts.find(({ subpath }) => subpath === null)?.entries ?? []
    const uuids = new Set(resume ? main.map(({ uuid }) => uuid) : [])
    const isStored = this.#recovered?.isStored ?? false
    return { claudeSessionId, resumed: resume, isStored, holds: uuid => uuids.has(uuid) }
  }

  send(message: SDKUserMessage): void {
    this.#live?.send(message)
  }

  async read(onMessage: (message: SDKMessage) => void): ReturnType<LiveQuery['read']> {
    try {
      return await this.#readAll(onMessage)
    } finally {
      this.#box?.close()
    }
  }

  async #readAll(onMessage: (message: SDKMessage) => void): ReturnType<LiveQuery['read']> {
    await this.#opening
    while (this.#live) {
      const end = await this.#live.read(onMessage)
      const mismatch = findMismatch({ ...end, started: this.#hasStarted })
      if (!mismatch || this.#ended || !this.#tryOtherwise(mismatch)) return end
    }
    return { code: null, signal: null, errno: undefined, text: 'ended before the process started' }
  }

  async kill(): Promise<void> {
    this.#ended = true
    await this.#live?.kill()
  }

  async end(bounds: TerminationBounds): Promise<void> {
    this.#ended = true
    await this.#live?.end(bounds)
  }

  async #prepare(): Promise<void> {
    const { recovery, log } = this.#parts
    try {
      this.#recovered = await recovery?.prepare(this.#spec)
    } catch (error) {
      log.warn({ err: error, claudeSessionId: this.#spec.claudeSessionId }, 'transcript read failed')
    }
    try {
      this.#box = this.#parts.openBox?.()
    } catch (error) {
      const { message } = error as Error
      const fault = `The process could not be isolated: ${message}`
      this.#parts.keeping.onFault({ reason: 'isolation_failed', message: fault })
      return
    }
    if (this.#ended) return
    if (!this.#recovered) this.#open(this.#spec.resume ? 'files' : 'new')
    else if (this.#recovered.begun) this.#open(this.#recovered.isOnFile ? 'files' : 'given')
    else this.#open('new', this.#recovered.isTaken)
  }

  #open(way: Way, underAnotherId = false): void {
    this.#tried.add(way)
    const claudeSessionId = underAnotherId ? randomUUID() : this.#spec.claudeSessionId
    this.#spec = { ...this.#spec, claudeSessionId, resume: way !== 'new' }
    const given = way === 'given' ? this.#recovered?.parts : undefined
    const keeping = { ...this.#parts.keeping, claudeSessionId, wrap: this.#box?.wrap }
    const options = this.#parts.toOptions(this.#spec, given)
    this.#live = undefined
    let live: LiveQuery
    try {
      live = openQuery(options, keeping)
    } catch (error) {
      // The fault has been reported.
      this.#parts.log.warn({ err: error, claudeSessionId }, 'process start failed')
      return
    }
    this.#live = live
    live.query.initializationResult().then(
      () => {
        this.#hasStarted = true
      },
      // The end of the process gives a better reason.
      () => {},
    )
    this.#parts.onStart(live.query, this.#spec)
  }

  /** @returns whether there is another way */
  #tryOtherwise(mismatch: ConversationMismatch): boolean {
    const { claudeSessionId, continueAt } = this.#spec
    this.#parts.log.warn({ claudeSessionId, mismatch }, 'conversation reopened')
    const isKnown = this.#recovered?.begun ?? false
    if (mismatch === 'exists' && !this.#tried.has('files')) this.#open('files')
    else if (mismatch === 'missing' && isKnown && !this.#tried.has('given')) this.#open('given')
    else if (continueAt !== undefined || this.#tried.size > 3) return false
    else this.#open('new', isKnown || this.#tried.has('new'))
    return true
  }
}

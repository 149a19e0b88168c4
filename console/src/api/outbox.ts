import {
  ApiError,
  type Attachment,
  newIdempotencyKey,
  type Prompt,
  type SubmitOptions,
} from '../../../src/client/index.ts'

/** An uploaded file of a prompt. */
export interface SentFile {
  key: number
  name: string
  attachment: Attachment | null
}

export interface Outgoing {
  key: string
  text: string
  files: readonly SentFile[]
  /** `sent`: the server has accepted it, and its turn is about to appear. */
  state: 'sending' | 'sent' | 'failed'
  /** The cause of `failed`. */
  error: unknown
  /** The turn of an accepted prompt. */
  turnId: string | null
}

interface Entry extends Outgoing {
  prompt: Prompt
  options: SubmitOptions
}

type Submit = (sessionId: string, prompt: Prompt, options: SubmitOptions) => Promise<{ turnId: string }>

const none: readonly Outgoing[] = []

/** The prompts that the server has not accepted yet, by session; they are sent one after the other. */
export class Outbox {
  readonly #submit: Submit
  readonly #onError: (error: unknown) => void
  readonly #entries = new Map<string, readonly Entry[]>()
  /** Settles when the newest prompt of a session has been accepted or has failed. */
  readonly #sending = new Map<string, Promise<void>>()
  readonly #listeners = new Set<() => void>()

  constructor(submit: Submit, onError: (error: unknown) => void = () => {}) {
    this.#submit = submit
    this.#onError = onError
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The prompts of a session, oldest first. */
  get(sessionId: string): readonly Outgoing[] {
    return this.#entries.get(sessionId) ?? none
  }

  send(
    sessionId: string,
    { prompt, text, files = [] }: { prompt: Prompt; text: string; files?: readonly SentFile[] },
    options: SubmitOptions = {},
  ): void {
    const entry = {
      key: newIdempotencyKey(),
      text,
      files,
      state: 'sending',
      error: null,
      turnId: null,
    } as const
    const keyed = { ...options, idempotencyKey: newIdempotencyKey() }
    this.#set(sessionId, [...this.#of(sessionId), { ...entry, prompt, options: keyed }])
    this.#enqueue(sessionId, entry.key)
  }

  /** Sends a failed prompt again. One whose response was lost is not accepted twice. */
  retry(sessionId: string, key: string): void {
    const entry = this.#of(sessionId).find(other => other.key === key)
    if (entry?.state !== 'failed') return
    const isRefused = entry.error instanceof ApiError && entry.error.retry !== 'same_key'
    const options = isRefused ? { ...entry.options, idempotencyKey: newIdempotencyKey() } : entry.options
    this.#change(sessionId, key, { state: 'sending', error: null, options })
    this.#enqueue(sessionId, key)
  }

  /** Removes a prompt, such as one whose turn has appeared, or that is edited. */
  remove(sessionId: string, key: string): void {
    const rest = this.#of(sessionId).filter(entry => entry.key !== key)
    this.#set(sessionId, rest)
  }

  /** Removes all prompts, and returns those that may not have been accepted, by session. */
  takeAll(): Map<string, readonly Outgoing[]> {
    const taken = new Map<string, readonly Outgoing[]>()
    for (const [sessionId, entries] of this.#entries) {
      const open = entries.filter(({ state }) => state !== 'sent')
      if (open.length > 0) taken.set(sessionId, open)
    }
    this.#entries.clear()
    this.#tell()
    return taken
  }

  #of(sessionId: string): readonly Entry[] {
    return this.#entries.get(sessionId) ?? []
  }

  #enqueue(sessionId: string, key: string): void {
    const before = this.#sending.get(sessionId) ?? Promise.resolve()
    this.#sending.set(
      sessionId,
      before.then(() => this.#deliver(sessionId, key)),
    )
  }

  async #deliver(sessionId: string, key: string): Promise<void> {
    const entry = this.#of(sessionId).find(other => other.key === key)
    if (!entry) return
    try {
      const { turnId } = await this.#submit(sessionId, entry.prompt, entry.options)
      this.#change(sessionId, key, { state: 'sent', turnId })
    } catch (error) {
      this.#change(sessionId, key, { state: 'failed', error })
      this.#onError(error)
    }
  }

  #change(sessionId: string, key: string, change: Partial<Entry>): void {
    const changed = this.#of(sessionId).map(entry => (entry.key === key ? { ...entry, ...change } : entry))
    this.#set(sessionId, changed)
  }

  #set(sessionId: string, entries: readonly Entry[]): void {
    if (entries.length === 0) this.#entries.delete(sessionId)
    else this.#entries.set(sessionId, entries)
    this.#tell()
  }

  #tell(): void {
    for (const tell of this.#listeners) tell()
  }
}

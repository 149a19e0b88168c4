import type { ClaudeCodeClient, Turn } from '../../client/index.ts'
import { addUsage, noUsage, readUsage, subtractUsage, type Totals } from './usage.ts'

/** A place in the log from which events can be made: the end of a turn, or the beginning. */
export interface Start {
  /** The sequence of the last entry before. */
  after: number
  /** The sums of the turns that had ended. */
  totals: Totals
  /** The turns that had been accepted and had not begun. */
  waiting: readonly string[]
}

export const firstStart: Start = { after: 0, totals: noUsage, waiting: [] }

/** A place that is known, and the number of turns that were accepted before it. */
export interface KnownStart extends Start {
  turnCount: number
}

/** The facts about a turn that count here; prompts and answers can be large. */
type Facts = Pick<
  Turn,
  'turnId' | 'status' | 'firstSequence' | 'lastSequence' | 'startedAt' | 'endedAt' | 'durationMs'
> &
  Pick<Turn, 'usage' | 'costUsd'>

/** Half of it is as many turns as wait at most, if the server's option is not changed. */
const batch = 32
/** An offset past all turns: the answer has their number only. */
const pastAll = 1_000_000_000
const usageAttempts = 3

/** The turns of a session, read from the newest back as far as needed. */
export class TurnHistory {
  readonly #api: ClaudeCodeClient
  readonly #sessionId: string
  readonly #known: KnownStart | undefined
  /** Oldest first. */
  #turns: Facts[] = []
  /** The number of turns before them; undefined: not known yet. */
  #before: number | undefined
  #all: Promise<Totals> | undefined

  /** @param known only earlier places are wanted */
  constructor(api: ClaudeCodeClient, sessionId: string, known?: KnownStart) {
    this.#api = api
    this.#sessionId = sessionId
    this.#known = known
    this.#before = known?.turnCount
  }

  /** The turn that runs now. */
  async findRunning(): Promise<string | undefined> {
    await this.#readEarlier()
    return this.#turns.find(({ status }) => status === 'running' || status === 'requires_action')?.turnId
  }

  /** The last place at or before the sequence, where the log can be read from. */
  async findPlace(sequence: number): Promise<{ after: number; waiting: string[]; turnCount: number }> {
    for (;;) {
      const isEnd = (turn: Facts) => turn.startedAt !== null && hasEnded(turn, sequence)
      const after = Math.max(0, ...this.#turns.filter(isEnd).map(turn => turn.lastSequence ?? 0))
      const waiting = this.#turns.filter(turn => isAccepted(turn, after) && !hasEnded(turn, after))
      // Turns that wait may be older than those that ran meanwhile.
      const oldest = this.#turns.slice(0, batch / 2)
      const isFound = after > 0 && oldest.length === batch / 2 && oldest.every(turn => hasEnded(turn, after))
      if (this.#before === 0 || isFound) {
        const accepted = this.#turns.filter(turn => isAccepted(turn, after)).length
        const turnCount = (this.#before ?? 0) + accepted
        return { after, waiting: waiting.map(({ turnId }) => turnId), turnCount }
      }
      await this.#readEarlier()
    }
  }

  /** As `findPlace`, with the sums of the turns. */
  async findStart(sequence: number): Promise<KnownStart> {
    const place = await this.findPlace(sequence)
    return { ...place, totals: await this.#totalsAt(place.after) }
  }

  async #totalsAt(after: number): Promise<Totals> {
    const begun = () => this.#turns.filter(({ startedAt }) => startedAt !== null)
    if (this.#before === 0)
      return begun()
        .filter(turn => hasEnded(turn, after))
        .reduce(addUsage, noUsage)
    const known = this.#known
    if (known) {
      const between = begun().filter(turn => hasEnded(turn, known.after) && !hasEnded(turn, after))
      return between.reduce(subtractUsage, known.totals)
    }
    this.#all ??= this.#readSums()
    const all = await this.#all
    return begun()
      .filter(turn => !hasEnded(turn, after))
      .reduce(subtractUsage, all)
  }

  /** The sums of all turns, at a moment when those that were read are as they were. */
  async #readSums(): Promise<Totals> {
    for (let attempt = 1; ; attempt += 1) {
      const { ofTurns } = await readUsage(this.#api, this.#sessionId)
      const now = Date.now()
      const running = this.#turns.findIndex(
        ({ startedAt, endedAt }) => startedAt !== null && endedAt === null,
      )
      const turn = this.#turns[running]
      if (!turn) return ofTurns
      const newest = toFacts(await this.#api.session(this.#sessionId).getTurn(turn.turnId))
      this.#turns[running] = newest
      if (newest.endedAt !== null && attempt < usageAttempts) continue
      // The sums have its time up to now.
      newest.durationMs ??= Math.max(0, now - Date.parse(newest.startedAt ?? ''))
      return ofTurns
    }
  }

  async #readEarlier(): Promise<void> {
    this.#before ??= (await this.#list({ offset: pastAll, limit: 1 })).pagination.total
    const offset = Math.max(0, this.#before - batch)
    // Turns that were accepted meanwhile are of no interest.
    const limit = this.#before - offset
    if (limit === 0) return
    const { turns } = await this.#list({ offset, limit })
    this.#turns.unshift(...turns.map(toFacts))
    this.#before = offset
  }

  #list(query: { offset: number; limit: number }) {
    return this.#api.call('listTurns', { params: { sessionId: this.#sessionId }, query })
  }
}

function isAccepted({ firstSequence }: Facts, by: number): boolean {
  return firstSequence !== null && firstSequence <= by
}

function hasEnded({ endedAt, lastSequence }: Facts, by: number): boolean {
  return endedAt !== null && lastSequence !== null && lastSequence <= by
}

function toFacts(turn: Turn): Facts {
  const { turnId, status, firstSequence, lastSequence, startedAt, endedAt } = turn
  const { durationMs, usage, costUsd } = turn
  return { turnId, status, firstSequence, lastSequence, startedAt, endedAt, durationMs, usage, costUsd }
}

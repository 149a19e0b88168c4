import { randomBytes } from 'node:crypto'
import type { CallerDirectory, CredentialTrace, KnownCaller } from '../access/caller-directory.ts'
import { CannotUnseal, type Sealer } from '../lib/sealed-text.ts'
import type { TicketStore } from '../sessions/ports/index.ts'
import type { Caller } from '../sessions/records.ts'
import { TicketBounds } from './ticket-bounds.ts'
import { type OpenTickets, ticketLifetimeMs, ticketPrefix, ticketScopes } from './tickets.ts'

/** Clocks of nodes may differ so much; a ticket that was used up is remembered for this long after its end. */
const clockSkewMs = 60_000
/** How long a caller of the host application may use what a ticket has opened; then its page needs another ticket. */
const hostCallerMs = 15 * 60_000
const context = 'ticket'

/** The parts of a node by which its tickets can be redeemed at other nodes. */
export interface SharedTicketParts {
  store: TicketStore
  /** With keys that all nodes have. */
  sealer: Sealer
}

/** The content of a ticket, which only nodes can read. */
interface Content {
  /** By which it is used up: its text can be written in several ways. */
  id: string
  caller: Omit<Caller, 'scopes' | 'sessionId'>
  sessionId: string | null
  /** How the caller is known again at another node; null: only its request could vouch for it. */
  trace: CredentialTrace | null
  /** Milliseconds since 1970. */
  endsAt: number
}

/**
 * Tickets that any node of a cluster redeems: each is a sealed text, and the store notes which were used up. The key
 * behind a ticket is checked again when it is redeemed. The host application cannot be asked again for a caller that it
 * has named: what its ticket opens ends at the time that the application gave, and after 15 minutes at the latest.
 */
export class SharedTickets implements OpenTickets {
  readonly #parts: () => Promise<SharedTicketParts>
  readonly #callers: Pick<CallerDirectory, 'recallAfresh'>
  readonly #bounds = new TicketBounds()
  /** Oldest first. */
  readonly #made: { endsAt: number; release(): void }[] = []

  constructor(parts: () => Promise<SharedTicketParts>, callers: Pick<CallerDirectory, 'recallAfresh'>) {
    this.#parts = parts
    this.#callers = callers
  }

  async create({ caller, trace }: KnownCaller, sessionId: string | null): Promise<string> {
    const { sealer } = await this.#parts()
    this.#count(caller)
    const { scopes: _, sessionId: __, ...who } = caller
    const content: Content = {
      id: randomBytes(16).toString('base64url'),
      caller: who,
      sessionId,
      trace: trace ?? null,
      endsAt: Date.now() + ticketLifetimeMs,
    }
    return ticketPrefix + sealer.seal(JSON.stringify(content), context)
  }

  async redeem(text: string): Promise<KnownCaller | undefined> {
    const { sealer, store } = await this.#parts()
    const content = read(text, sealer)
    if (!content || content.endsAt <= Date.now()) return undefined
    const known = await this.#recall(content)
    if (!known?.isValid()) return undefined
    const isFirst = await store.redeemTicket(content.id, content.endsAt + clockSkewMs)
    if (!isFirst) return undefined
    const { caller, sessionId } = content
    return { caller: { ...caller, scopes: ticketScopes, sessionId }, isValid: known.isValid }
  }

  /** Another node may redeem a ticket, which this one is not told of: it counts until its end. */
  #count(caller: Caller): void {
    const now = performance.now()
    while (this.#made[0] && this.#made[0].endsAt <= now) this.#made.shift()?.release()
    this.#made.push({ release: this.#bounds.take(caller), endsAt: now + ticketLifetimeMs })
  }

  async #recall({ trace, caller }: Content): Promise<Pick<KnownCaller, 'isValid'> | undefined> {
    return trace ? this.#callers.recallAfresh(trace) : { isValid: endingAt(caller) }
  }
}

/** Callers without a trace: the host application's, and those of a server without keys. */
function endingAt({ keyId, expiresAt }: Content['caller']): () => boolean {
  const bound = keyId.startsWith('host:') ? Date.now() + hostCallerMs : Number.POSITIVE_INFINITY
  const endsAt = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, bound)
  return () => Date.now() < endsAt
}

function read(text: string, sealer: Sealer): Content | undefined {
  if (!text.startsWith(ticketPrefix)) return undefined
  try {
    return JSON.parse(sealer.unseal(text.slice(ticketPrefix.length), context))
  } catch (error) {
    if (error instanceof CannotUnseal) return undefined
    throw error
  }
}

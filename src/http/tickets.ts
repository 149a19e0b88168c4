import { hash, randomBytes } from 'node:crypto'
import type { KnownCaller } from '../access/caller-directory.ts'
import type { Scope } from '../contract/scopes.ts'
import { TicketBounds } from './ticket-bounds.ts'

export const ticketLifetimeMs = 30_000
export const ticketPrefix = 'ticket_'
/** A ticket reads sessions, and does nothing else. */
export const ticketScopes: ReadonlySet<Scope> = new Set(['sessions:read'])

export interface OpenTickets {
  /**
   * Makes a ticket that reads sessions for the caller, and does nothing else.
   *
   * @param sessionId the only session that it opens; null: all that the caller sees
   * @throws ServiceError CALLER_LIMIT_REACHED
   */
  create(known: KnownCaller, sessionId: string | null): string | Promise<string>
  /** Returns the caller that the ticket acts for; undefined: it is unknown, redeemed, too old, or its key is not valid. */
  redeem(text: string): KnownCaller | undefined | Promise<KnownCaller | undefined>
}

interface OpenTicket {
  known: KnownCaller
  /** In the time of `performance.now()`. */
  endsAt: number
  release(): void
}

/**
 * Tickets that can be redeemed, by their hash. They are in memory only: after a restart, a page takes a new one, as after
 * each broken connection.
 */
export class Tickets implements OpenTickets {
  /** Oldest first, since all live equally long. */
  readonly #open = new Map<string, OpenTicket>()
  readonly #bounds = new TicketBounds()

  create({ caller, isValid }: KnownCaller, sessionId: string | null): string {
    this.#forgetExpired()
    const release = this.#bounds.take(caller)
    const text = `${ticketPrefix}${randomBytes(32).toString('base64url')}`
    this.#open.set(hash('sha256', text), {
      known: { caller: { ...caller, scopes: ticketScopes, sessionId }, isValid },
      endsAt: performance.now() + ticketLifetimeMs,
      release,
    })
    return text
  }

  redeem(text: string): KnownCaller | undefined {
    this.#forgetExpired()
    const id = hash('sha256', text)
    const ticket = this.#open.get(id)
    if (!ticket) return undefined
    this.#remove(id, ticket)
    return ticket.known.isValid() ? ticket.known : undefined
  }

  #forgetExpired(): void {
    const now = performance.now()
    for (const [id, ticket] of this.#open) {
      if (ticket.endsAt > now) return
      this.#remove(id, ticket)
    }
  }

  #remove(id: string, ticket: OpenTicket): void {
    this.#open.delete(id)
    ticket.release()
  }
}

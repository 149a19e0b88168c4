import type { TicketStore } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { prepared } from './query.ts'

/** Tickets that were redeemed: see the port `TicketStore`. */
export function createTickets(database: Database): TicketStore {
  return {
    async redeemTicket(id, expiresAt) {
      return (await database.transaction(() => run(insertTicket({ id, expiresAt })))) === 1
    },

    async removeExpiredTickets(now) {
      await database.transaction(() => run(deleteExpired({ now })))
    },
  }
}

const insertTicket = prepared((db, of: { id: string; expiresAt: number }) =>
  db
    .insertInto('redeemed_tickets')
    .values({ id: of.id, expires_at: of.expiresAt })
    .onConflict(conflict => conflict.column('id').doNothing()),
)

const deleteExpired = prepared((db, of: { now: number }) =>
  db.deleteFrom('redeemed_tickets').where('expires_at', '<', of.now),
)

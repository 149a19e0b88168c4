import type { TicketStore } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { prepared } from './query.ts'

/** Tickets that were redeemed: see the port `TicketStore`. */
export function createTickets(database: Database): TicketStore {
  return {
    async redeemTicket(hash, expiresAt) {
      return (await database.transaction(() => run(insertTicket({ hash, expiresAt })))) === 1
    },

    async removeExpiredTickets(now) {
      await database.transaction(() => run(deleteExpired({ now })))
    },
  }
}

const insertTicket = prepared((db, of: { hash: string; expiresAt: number }) =>
  db
    .insertInto('redeemed_tickets')
    .values({ hash: of.hash, expires_at: of.expiresAt })
    .onConflict(conflict => conflict.column('hash').doNothing()),
)

const deleteExpired = prepared((db, of: { now: number }) =>
  db.deleteFrom('redeemed_tickets').where('expires_at', '<', of.now),
)

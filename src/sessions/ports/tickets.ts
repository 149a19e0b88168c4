/** Tickets that were redeemed, where several nodes redeem them. */
export interface TicketStore {
  /** Notes that a ticket is used up. @returns false: it was before */
  redeemTicket(id: string, expiresAt: number): Promise<boolean>
  /** Forgets tickets that can no longer be redeemed. */
  removeExpiredTickets(now: number): Promise<void>
}

export interface SpendingReader {
  /**
   * What the session's turns and its own work between them have cost, in US dollars. A turn that was at work and of
   * whose cost nothing is known, because its process was lost, counts as much as the dearest one of the session; so
   * does own work, once it has been answered in part.
   */
  sumSpending(tenantId: string, sessionId: string): Promise<number>
}

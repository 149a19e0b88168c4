/** How the sessions of a node take part in a cluster. */
export interface SessionsCluster {
  /**
   * Whether this node does what one node does for all: it sends to webhooks, and removes what is over. Two that think so
   * for a moment do no harm.
   */
  isFirst(): boolean
  /** How often the store is asked for new events while the feed has readers. Default: 250 ms. */
  feedMs?: number
  /** How often the store is asked for deliveries that are due. Default: 1 s. */
  outboxMs?: number
}

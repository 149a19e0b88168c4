import type { ClaimStore } from './claims.ts'
import type { FingerprintStore } from './fingerprints.ts'
import type { NodeStore } from './nodes.ts'
import type { RevisionStore } from './revisions.ts'
import type { StateStore } from './session-states.ts'
import type { TicketStore } from './tickets.ts'

/** The parts of the store through which nodes work together; a server alone uses none of them. */
export interface ClusterStores {
  readonly claims: ClaimStore
  readonly nodes: NodeStore
  readonly revisions: RevisionStore
  readonly tickets: TicketStore
  readonly fingerprints: FingerprintStore
  readonly states: StateStore
}

import type { AuditRecord } from '../../sessions/ports/audit.ts'

export type Refusal = Omit<AuditRecord, 'id' | 'at' | 'count'>

interface Group {
  refusal: Refusal
  /** Refusals since the last entry. */
  count: number
}

/** Kinds of refusals that a tenant can have within one period. */
const maxGroups = 200

/**
 * Counts refused requests, so that no caller can fill the disk with them. The first of a kind is an entry at once; those
 * that follow within the period become one entry at its end. Beyond a number of kinds, only their number is kept.
 */
export class Refusals {
  #groups = new Map<string, Group>()
  /** Kinds by tenant. */
  #kinds = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  /** @returns the entry to store at once, if there is one */
  add(refusal: Refusal): Refusal | undefined {
    const { tenantId, keyId, action, errorCode, address } = refusal
    const key = JSON.stringify([tenantId, keyId, action, errorCode, address])
    const known = this.#groups.get(key)
    if (known) {
      known.count++
      known.refusal = merge(known.refusal, refusal)
      return undefined
    }
    const owner = tenantId ?? ''
    const kinds = this.#kinds.get(owner) ?? 0
    if (kinds >= maxGroups) return this.#addOther(refusal)
    this.#kinds.set(owner, kinds + 1)
    this.#groups.set(key, { refusal, count: 0 })
    return refusal
  }

  /** Ends the period. @returns the entries for refusals that were only counted */
  end(): (Refusal & { count: number })[] {
    const groups = [...this.#groups.values()].filter(({ count }) => count > 0)
    this.#groups = new Map()
    this.#kinds = new Map()
    return groups.map(({ refusal, count }) => ({ ...refusal, requestId: null, count }))
  }

  #addOther({ tenantId, outcome }: Refusal): undefined {
    const key = JSON.stringify([tenantId, outcome])
    const group = this.#groups.get(key) ?? { refusal: toOther(tenantId, outcome), count: 0 }
    group.count++
    this.#groups.set(key, group)
    return undefined
  }
}

/** Keeps what both have in common. */
function merge(one: Refusal, other: Refusal): Refusal {
  return {
    ...one,
    sessionId: one.sessionId === other.sessionId ? one.sessionId : null,
    turnId: one.turnId === other.turnId ? one.turnId : null,
    details: JSON.stringify(one.details) === JSON.stringify(other.details) ? one.details : {},
  }
}

function toOther(tenantId: Refusal['tenantId'], outcome: Refusal['outcome']): Refusal {
  return {
    tenantId,
    outcome,
    action: 'other',
    keyId: null,
    name: null,
    errorCode: null,
    sessionId: null,
    turnId: null,
    address: null,
    requestId: null,
    details: {},
  }
}

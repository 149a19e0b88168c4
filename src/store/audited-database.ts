import { type AuditClaim, claimAuditEntry } from '../sessions/ports/audit.ts'
import { writeAudit } from './audit.ts'
import type { Database } from './database.ts'
import type { Write, Written } from './write.ts'

/**
 * Returns the database with changes that also store the audit entry of the request that they run for: writes of
 * sessions, and transactions that say so. The first one of a request takes it.
 */
export function withAudit(database: Database): Database {
  return {
    ...database,

    transaction(body, toFacts) {
      const claim = toFacts && claimAuditEntry()
      if (!claim) return database.transaction(body)
      let isStored = false
      const audited = function* () {
        const value = yield* body()
        const facts = toFacts(value)
        isStored = facts !== undefined
        if (facts) {
          claim.complete(facts)
          yield* writeAudit([claim.record])
        }
        return value
      }
      return settling([claim], database.transaction(audited), () => isStored)
    },

    write(write) {
      const claim = write.change && claimAuditEntry()
      if (!claim && write.audit.length === 0) return database.write(write)
      const claims = claim ? [...write.audit, claim] : write.audit
      for (const one of claims) one.complete(factsOf(write))
      return settling(claims, database.write({ ...write, audit: claims }), isChanged)
    },
  }
}

/** Settles the claims when the transaction is over. */
async function settling<T>(
  claims: readonly AuditClaim[],
  writing: Promise<T>,
  isStored: (value: T) => boolean,
): Promise<T> {
  let stored = false
  try {
    const value = await writing
    stored = isStored(value)
    return value
  } finally {
    for (const claim of claims) claim.settle(stored)
  }
}

function isChanged({ full }: Written): boolean {
  return full === undefined
}

function factsOf({ change }: Write) {
  if (!change) return {}
  const { sessionId, insertTurn } = change
  return { sessionId, ...(insertTurn && { turnId: insertTurn.id }) }
}

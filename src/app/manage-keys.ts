import { stat } from 'node:fs/promises'
import { AuditTrail } from '../access/audit/audit-trail.ts'
import { KeyRegistry } from '../access/key-registry.ts'
import { Keys } from '../access/keys.ts'
import type { AuditAction } from '../contract/audit.ts'
import { withAuditEntry } from '../sessions/ports/audit.ts'
import { type Caller, operator } from '../sessions/records.ts'
import { openStore } from '../store/open-store.ts'
import { StoreOpenError } from '../store/store-open-error.ts'
import { databaseFileIn, type StorePlaces } from './store-places.ts'

/**
 * Works on the stored keys of a server that does not run, as one who administers it.
 *
 * @param isNew whether the store may be made, for the first key of a server that has never run
 * @param action what the audit log says about the change that the work makes
 * @param onTenant called when the first key of a second tenant has been made
 * @throws StoreOpenError, ServiceError
 */
export async function manageKeys<T>(
  { dataDir, database }: StorePlaces,
  isNew: boolean,
  work: (keys: Keys, caller: Caller) => Promise<T> | T,
  action?: AuditAction,
  onTenant: () => void = () => {},
): Promise<T> {
  const file = databaseFileIn(dataDir)
  if (!database && !isNew && !(await exists(file))) {
    throw new StoreOpenError('unreadable', file, `There is no database ${file}`)
  }
  const store = await openStore({ file, ...(database && { database }) })
  try {
    const registry = new KeyRegistry(store.keys, { error() {} })
    await registry.open()
    const caller = operator('command-line')
    const change = () => work(new Keys({ registry, sessions: store, onTenant }), caller)
    if (action === undefined) return await change()
    const trail = new AuditTrail({ store: store.audit, retentionMs: undefined, faults: { error() {} } })
    const entry = trail.begin({
      ...{ tenantId: caller.tenantId, keyId: caller.keyId, name: null, address: null, requestId: null },
      ...{ action, outcome: 'done', errorCode: null, sessionId: null, turnId: null, details: {} },
    })
    return await withAuditEntry(entry, change)
  } finally {
    await store.close()
  }
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}

import { toInputChangeMessage } from '../log/server-messages.ts'
import type { NewEvent, PermissionRecord } from '../records.ts'

/** The message that tells the history of a changed input; empty: it was not changed. */
export function toInputChange(permission: PermissionRecord): NewEvent[] {
  const { updatedInput } = permission
  return updatedInput === null ? [] : [toInputChangeMessage(permission, updatedInput)]
}

import type { PermissionRecord } from '../records.ts'
import type { Page } from './store.ts'

export interface PermissionQuery extends Page {
  /** Left out: of all sessions. */
  sessionId?: string
  status: 'pending' | 'all'
}

/** Permission requests; they are written with the change of their session (`Change.savePermission`). */
export interface PermissionStore {
  findPermission(
    tenantId: string,
    sessionId: string,
    permissionId: string,
  ): Promise<PermissionRecord | undefined>
  /** Oldest first. */
  listPermissions(
    tenantId: string,
    query: PermissionQuery,
  ): Promise<{ permissions: PermissionRecord[]; total: number }>
  /** What a start finds left behind, over all tenants: those that are pending, and answers that no process was told. */
  listOpenPermissions(): Promise<PermissionRecord[]>
}

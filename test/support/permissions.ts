import type { PermissionRequest } from '../../src/contract/permissions.ts'
import type { createClient } from './client.ts'
import { until } from './open-sessions.ts'

type Client = Pick<ReturnType<typeof createClient>, 'call'>

/** Waits until so many permission requests of the session are pending. */
export async function pendingPermissions(
  { call }: Client,
  sessionId: string,
  count = 1,
): Promise<[PermissionRequest, ...PermissionRequest[]]> {
  let permissions: PermissionRequest[] = []
  await until(async () => {
    permissions = (await call('GET', `/sessions/${sessionId}/permissions`)).body.permissions
    return permissions.length >= count
  })
  return permissions as [PermissionRequest, ...PermissionRequest[]]
}

export function answer({ call }: Client, { sessionId, permissionId }: PermissionRequest, body: object) {
  return call('POST', `/sessions/${sessionId}/permissions/${permissionId}`, body)
}

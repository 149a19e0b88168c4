import { ServiceError } from '../../contract/errors.ts'
import type { PermissionMode } from '../../contract/sessions.ts'

/** @throws ServiceError PERMISSION_MODE_NOT_ALLOWED */
export function checkPermissionMode(permissionMode: PermissionMode, allowBypassPermissions: boolean): void {
  if (permissionMode !== 'bypassPermissions' || allowBypassPermissions) return
  throw new ServiceError(
    'PERMISSION_MODE_NOT_ALLOWED',
    'permissionMode bypassPermissions is off on this server; its owner allows it with allowBypassPermissions: true',
    { permissionMode },
  )
}

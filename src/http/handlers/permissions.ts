import { toPermissionRequest } from '../../sessions/permissions/permission-fields.ts'
import type { PermissionQuery } from '../../sessions/ports.ts'
import type { Caller } from '../../sessions/records.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { toPagination } from '../pagination.ts'

type PermissionHandlers = Pick<
  Handlers,
  'listAllPermissions' | 'listPermissions' | 'getPermission' | 'answerPermission'
>

export function permissionHandlers(deps: HttpDeps): PermissionHandlers {
  async function list(caller: Caller, query: PermissionQuery) {
    const { permissions, total } = await deps.service.permissions.list(caller, query)
    const pagination = toPagination(query, permissions.length, total)
    return { status: 200 as const, body: { permissions: permissions.map(toPermissionRequest), pagination } }
  }

  return {
    listAllPermissions: ({ caller, query }) => list(caller, query),

    listPermissions: ({ caller, params: { sessionId }, query }) => list(caller, { ...query, sessionId }),

    async getPermission({ caller, params: { sessionId, permissionId } }) {
      const permission = await deps.service.permissions.get(caller, sessionId, permissionId)
      return { status: 200, body: toPermissionRequest(permission) }
    },

    async answerPermission({ caller, params: { sessionId, permissionId }, body }) {
      const decided = await deps.service.permissions.answer(caller, sessionId, permissionId, body)
      return { status: 200, body: toPermissionRequest(decided) }
    },
  }
}

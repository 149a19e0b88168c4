import type { OperationInput } from '../../contract/operations.ts'
import { toPermissionRequest } from '../../sessions/permissions/permission-fields.ts'
import type { Caller, PermissionRecord } from '../../sessions/records.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage, toPosition } from '../pagination.ts'

type PermissionHandlers = Pick<
  Handlers,
  'listAllPermissions' | 'listPermissions' | 'getPermission' | 'answerPermission'
>

export function permissionHandlers(deps: HttpDeps): PermissionHandlers {
  async function listOf(
    caller: Caller,
    query: OperationInput<'listPermissions'>['query'] & { tenant?: string | undefined },
    sessionId?: string,
  ) {
    const { status } = query
    const list = openPage(query, ['permissions', sessionId ?? null, query.tenant ?? null, status])
    const { permissions, total } = await deps.service.permissions.list(
      caller,
      {
        ...list.page,
        ...toPosition(list.key),
        ...(sessionId !== undefined && { sessionId }),
        status,
      },
      query.tenant,
    )
    const keyOf = ({ requestedAt, id }: PermissionRecord) => [requestedAt, id]
    const { items, pagination } = list.close(permissions, total, keyOf)
    return { status: 200 as const, body: { permissions: items.map(toPermissionRequest), pagination } }
  }

  return {
    listAllPermissions: ({ caller, query }) => listOf(caller, query),

    listPermissions: ({ caller, params: { sessionId }, query }) => listOf(caller, query, sessionId),

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

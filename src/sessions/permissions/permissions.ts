import { notFound, ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import { optionsOf } from '../options.ts'
import type { PermissionQuery } from '../ports/index.ts'
import { type Caller, listedTenant, type PermissionRecord } from '../records.ts'
import { checkContent } from './elicitation-content.ts'
import { toPermissionAnswer } from './permission-answers.ts'
import { checkRemembered, findMode, toSessionChange } from './remembering.ts'

/** The operations on permission requests. */
export class Permissions {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** @param named the tenant that a caller of all tenants has named */
  async list(caller: Caller, given: PermissionQuery, named?: string) {
    const sessionId = given.sessionId ?? caller.sessionId
    const query = { ...given, ...(sessionId !== null && { sessionId }) }
    if (query.sessionId !== undefined) await this.#core.known.get(caller, query.sessionId)
    await this.#core.live.expirePermissions()
    const tenantId = query.sessionId === undefined ? listedTenant(caller, named) : caller.tenantId
    return this.#core.store.permissions.listPermissions(tenantId, query)
  }

  async get(caller: Caller, sessionId: string, permissionId: string): Promise<PermissionRecord> {
    const { known, store } = this.#core
    await known.get(caller, sessionId)
    const permission = await store.permissions.findPermission(caller.tenantId, sessionId, permissionId)
    if (!permission) {
      throw notFound('PERMISSION_REQUEST_NOT_FOUND', permissionId)
    }
    return permission
  }

  /**
   * Answers a request; resolves when the answer is stored and Claude Code has been told.
   * @throws ServiceError PERMISSION_ALREADY_RESOLVED for every answer but the first
   */
  async answer(
    caller: Caller,
    sessionId: string,
    permissionId: string,
    body: OperationInput<'answerPermission'>['body'],
  ): Promise<PermissionRecord> {
    const { known, live, options } = this.#core
    const permission = await this.get(caller, sessionId, permissionId)
    if (permission.status !== 'pending') throw alreadyResolved(permission)
    const { answer, remembered } = toPermissionAnswer(permission, body)
    await checkRemembered(remembered, optionsOf(options, caller.tenantId))
    if (permission.kind === 'elicitation' && answer.allow) {
      await checkContent(permission.request.elicitation, answer.input)
    }
    const session = live.find(sessionId)
    const mode = findMode(remembered)
    // Claude Code enters it only when it starts: until then the process is in another mode.
    const waits = mode === 'bypassPermissions' ? (['permissionMode'] as const) : []
    const decided = await session?.change(waits, async () => {
      const change = toSessionChange(await known.get(caller, sessionId), remembered)
      return session.process.requests.answer(permissionId, {
        answer,
        decidedBy: caller.keyId,
        remembered,
        change,
      })
    })
    if (!session || !decided) throw alreadyResolved(await this.get(caller, sessionId, permissionId))
    if (waits.length > 0) session.process.invalidate()
    if (body.interrupt && permission.turnId !== null) await session.turns.interrupt(permission.turnId, false)
    return decided
  }
}

function alreadyResolved({ id, status }: PermissionRecord): ServiceError<'PERMISSION_ALREADY_RESOLVED'> {
  const what = status === 'pending' ? 'is being answered' : `is ${status}`
  return new ServiceError('PERMISSION_ALREADY_RESOLVED', `Permission request ${id} ${what}`, {
    permissionId: id,
    status,
  })
}

import { isDeepStrictEqual } from 'node:util'
import { ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { PermissionSuggestion } from '../../contract/permissions.ts'
import type { PermissionMode } from '../../contract/sessions.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { Core } from '../core.ts'
import type { PermissionQuery } from '../ports.ts'
import type { Caller, PermissionAnswer, PermissionRecord, SessionRecord } from '../records.ts'
import { checkContent } from './elicitation-content.ts'
import { toPermissionAnswer } from './permission-answers.ts'
import { checkPermissionMode } from './permission-mode.ts'
import type { PermissionService } from './permission-service.ts'

/** See the port `PermissionService`. */
export class Permissions implements PermissionService {
  readonly #core: Core
  readonly #order = new OneAtATime()

  constructor(core: Core) {
    this.#core = core
  }

  async list(caller: Caller, query: PermissionQuery) {
    if (query.sessionId !== undefined) await this.#core.known.get(caller, query.sessionId)
    await this.#core.live.expirePermissions()
    return this.#core.store.permissions.listPermissions(caller.tenantId, query)
  }

  async get(caller: Caller, sessionId: string, permissionId: string): Promise<PermissionRecord> {
    const { known, store } = this.#core
    await known.get(caller, sessionId)
    const permission = await store.permissions.findPermission(caller.tenantId, sessionId, permissionId)
    if (!permission) {
      throw new ServiceError('PERMISSION_REQUEST_NOT_FOUND', `Permission request ${permissionId} not found`)
    }
    return permission
  }

  async answer(
    caller: Caller,
    sessionId: string,
    permissionId: string,
    body: OperationInput<'answerPermission'>['body'],
  ): Promise<PermissionRecord> {
    const { known, live, options } = this.#core
    const permission = await this.get(caller, sessionId, permissionId)
    const { allowBypassPermissions } = options
    if (permission.status !== 'pending') throw alreadyResolved(permission)
    if (body.permissionMode) checkPermissionMode(body.permissionMode, allowBypassPermissions)
    const isAllowed = (mode: PermissionMode) => mode !== 'bypassPermissions' || allowBypassPermissions
    const answer = toPermissionAnswer(permission, body, isAllowed)
    if (permission.kind === 'elicitation' && answer.allow) {
      await checkContent(permission.request.elicitation, answer.input)
    }
    const session = live.find(sessionId)
    const decided = await session?.decide(permissionId, { answer, decidedBy: caller.keyId })
    if (!session || !decided) throw alreadyResolved(await this.get(caller, sessionId, permissionId))
    if (answer.updates.length > 0) {
      // Several can be answered at once, and each adds to what is remembered.
      const remember = async () => this.#remember(await known.get(caller, sessionId), answer)
      await this.#order.run(sessionId, remember)
    }
    if (body.interrupt && permission.turnId !== null) await session.interrupt(permission.turnId, false)
    return decided
  }

  /** For the process that is started next: the one that lives has been told and takes what it can. */
  async #remember(session: SessionRecord, { updates }: PermissionAnswer): Promise<void> {
    const mode = updates.findLast(({ type }) => type === 'setMode')?.mode as PermissionMode | undefined
    const rules = updates.filter(({ type }) => type !== 'setMode')
    await this.#core.log.commit({
      tenantId: session.tenantId,
      sessionId: session.id,
      at: Date.now(),
      session: {
        ...(mode && { permissionMode: mode }),
        ...(rules.length > 0 && { remembered: withoutRepetition([...session.remembered, ...rules]) }),
      },
      events: mode ? [{ type: 'session.updated', turnId: null, payload: { permissionMode: mode } }] : [],
    })
    // The process has not taken bypassPermissions: Claude Code enters it only when it starts.
    if (mode) this.#core.live.find(session.id)?.reconfigure()
  }
}

function withoutRepetition(updates: PermissionSuggestion[]): PermissionSuggestion[] {
  return updates.filter(
    (update, index) => updates.findIndex(other => isDeepStrictEqual(other, update)) === index,
  )
}

function alreadyResolved({ id, status }: PermissionRecord): ServiceError<'PERMISSION_ALREADY_RESOLVED'> {
  const what = status === 'pending' ? 'is being answered' : `is ${status}`
  return new ServiceError('PERMISSION_ALREADY_RESOLVED', `Permission request ${id} ${what}`, {
    permissionId: id,
    status,
  })
}

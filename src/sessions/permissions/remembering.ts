import { isDeepStrictEqual } from 'node:util'
import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { PermissionSuggestion } from '../../contract/permissions.ts'
import type { PermissionMode } from '../../contract/sessions.ts'
import { type DirectoryPolicy, resolveDirectory } from '../files/working-directory.ts'
import type { Change } from '../ports/index.ts'
import type { PermissionRecord, SessionRecord } from '../records.ts'
import { checkPermissionMode } from './permission-mode.ts'
import { toRememberedCall } from './remembered-calls.ts'

type Body = OperationInput<'answerPermission'>['body']

/**
 * The changes that an answer makes to the rest of the session, exactly as they are stored and shown.
 *
 * @throws ServiceError INVALID_REQUEST that names the field
 */
export function toRemembered(permission: PermissionRecord, body: Body): PermissionSuggestion[] {
  const { kind, toolName, request } = permission
  if (body.decision === 'deny') return []
  if (kind === 'plan') return [toModeChange(body.permissionMode ?? 'default')]
  const { remember, updatedInput } = body
  if (remember === undefined) return []
  if (remember === 'session') return [toRememberedCall(toolName, updatedInput ?? request.input)]
  if (updatedInput !== undefined) {
    throw invalidField(
      'remember.suggestions',
      'belong to the call that updatedInput replaces; "session" remembers the call that runs',
    )
  }
  return remember.suggestions.map((number, place) => {
    const field = `remember.suggestions[${place}]`
    const suggestion = request.suggestions[number]
    if (!suggestion) throw invalidField(field, `must be the index of one of the request's suggestions`)
    checkSuggestion(field, suggestion)
    return { ...suggestion, destination: 'session' }
  })
}

/**
 * Whether the server allows the changes.
 *
 * @throws ServiceError PERMISSION_MODE_NOT_ALLOWED, CWD_NOT_ALLOWED
 */
export async function checkRemembered(
  remembered: readonly PermissionSuggestion[],
  policy: DirectoryPolicy & { allowBypassPermissions: boolean },
): Promise<void> {
  for (const { type, mode, directories } of remembered) {
    if (type === 'setMode') checkPermissionMode(mode as PermissionMode, policy.allowBypassPermissions)
    if (type !== 'addDirectories') continue
    for (const directory of directories as string[]) {
      await resolveDirectory('remember.suggestions', directory, policy)
    }
  }
}

/** The session's record with what an answer changes for the rest of it, and the event that tells of it. */
export function toSessionChange(
  session: Pick<SessionRecord, 'permissionMode' | 'remembered'>,
  remembered: readonly PermissionSuggestion[],
): Pick<Change, 'session' | 'events'> {
  const mode = findMode(remembered)
  const kept = remembered.filter(({ type }) => type !== 'setMode')
  const changesMode = mode !== undefined && mode !== session.permissionMode
  const change = {
    ...(changesMode && { permissionMode: mode }),
    ...(kept.length > 0 && { remembered: withoutRepetition([...session.remembered, ...kept]) }),
  }
  return {
    ...(Object.keys(change).length > 0 && { session: change }),
    events: changesMode ? [{ type: 'session.updated', turnId: null, payload: { permissionMode: mode } }] : [],
  }
}

/** The mode that the session is put into; undefined: the mode stays. */
export function findMode(remembered: readonly PermissionSuggestion[]): PermissionMode | undefined {
  return remembered.findLast(({ type }) => type === 'setMode')?.mode as PermissionMode | undefined
}

/** The changes that Claude Code itself has to be told; a remembered call is answered by this server. */
export function toUpdates(remembered: readonly PermissionSuggestion[]): PermissionSuggestion[] {
  return remembered.filter(({ type }) => type !== 'call')
}

function toModeChange(mode: PermissionMode): PermissionSuggestion {
  return { type: 'setMode', mode, destination: 'session' }
}

/** A new process must be able to have it too. */
function checkSuggestion(field: string, { type, behavior, rules = [] }: PermissionSuggestion): void {
  if (type === 'setMode' || type === 'addDirectories') return
  const isKept = ({ toolName, ruleContent }: { toolName?: unknown; ruleContent?: unknown }) =>
    /^[\w.-]+$/.test(String(toolName)) && ruleContent !== '' && ruleContent !== '*'
  if (type === 'addRules' && behavior === 'allow' && (rules as object[]).every(isKept)) return
  throw invalidField(field, 'cannot be remembered for the rest of the session')
}

function withoutRepetition(updates: PermissionSuggestion[]): PermissionSuggestion[] {
  return updates.filter(
    (update, index) => updates.findIndex(other => isDeepStrictEqual(other, update)) === index,
  )
}

import type { OperationInput } from '../../contract/operations.ts'
import type { PermissionQuery } from '../ports.ts'
import type { Caller, PermissionRecord } from '../records.ts'

/** What the doors can ask about permission requests. */
export interface PermissionService {
  list(caller: Caller, query: PermissionQuery): Promise<{ permissions: PermissionRecord[]; total: number }>
  get(caller: Caller, sessionId: string, permissionId: string): Promise<PermissionRecord>
  /**
   * Answers a request; resolves when the answer is stored and Claude Code has been told.
   * @throws ServiceError PERMISSION_ALREADY_RESOLVED for every answer but the first
   */
  answer(
    caller: Caller,
    sessionId: string,
    permissionId: string,
    answer: OperationInput<'answerPermission'>['body'],
  ): Promise<PermissionRecord>
}

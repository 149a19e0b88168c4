import type { PermissionRecord } from '../records.ts'

/** Whether the request is for the caller's program: a tool that it answers, or a hook that it decides. */
export function isOfClient({ kind }: Pick<PermissionRecord, 'kind'>): boolean {
  return kind === 'client_tool' || kind === 'hook'
}

import type { FileScope, WorkspaceRoots } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

/** The directories whose files belong to a session; its working directory first. */
export function rootsOf({ cwd, settings }: SessionRecord): WorkspaceRoots {
  return [cwd, ...(settings.additionalDirectories ?? [])]
}

export function scopeOf(session: SessionRecord): FileScope {
  return { tenantId: session.tenantId, sessionId: session.id, directories: rootsOf(session) }
}

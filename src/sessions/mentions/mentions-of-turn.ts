import type { Prompt } from '../../contract/turns.ts'
import { rootsOf } from '../files/file-scope.ts'
import type { SessionWriter } from '../log/session-writer.ts'
import type { Store, WorkspaceFiles } from '../ports/index.ts'
import type { TurnRecord } from '../records.ts'
import { resolveMentions } from './resolve-mentions.ts'

export interface MentionParts {
  store: Store
  workspace: WorkspaceFiles
  writer: Pick<SessionWriter, 'write'>
}

/**
 * The prompt of a turn with the files that it mentions. An event names the mentions that stay text, except for names
 * that nothing has.
 */
export async function withMentions(
  prompt: Prompt,
  { id, commands, tenantId, sessionId }: TurnRecord,
  { store, workspace, writer }: MentionParts,
): Promise<Prompt> {
  if (!commands) return prompt
  const session = await store.findSession(tenantId, sessionId)
  if (!session) return prompt
  const resolved = await resolveMentions(prompt, workspace, rootsOf(session))
  if (resolved.ignored.length > 0) {
    const event = { type: 'mentions.ignored', turnId: id, payload: { mentions: resolved.ignored } } as const
    await writer.write({ events: [event] })
  }
  return resolved.prompt
}

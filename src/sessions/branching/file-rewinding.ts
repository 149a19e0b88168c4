import type { RewoundFiles } from '../../contract/branching.ts'
import { ServiceError } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import { scopeOf } from '../files/file-scope.ts'
import type { Checkpoints, Store } from '../ports/index.ts'
import type { EventRecord, MessagePayload, SessionRecord } from '../records.ts'
import { isTrusted, type TrustPolicy } from '../settings/trust.ts'
import type { PromptPlace } from './conversations.ts'

const pageSize = 200
const listedCalls = 100
const shownCharacters = 200
const commandTools = new Set(['Bash', 'PowerShell', 'Monitor'])

/** Puts back files that Claude changed, and says what cannot be put back. */
export class FileRewinding {
  readonly #store: Store
  readonly #checkpoints: Checkpoints
  readonly #policy: TrustPolicy

  constructor({ store, workspaces, options }: Core) {
    this.#store = store
    this.#policy = options
    this.#checkpoints = workspaces.checkpoints
  }

  /**
   * Rewinds the files, or only plans the rewind.
   * @throws ServiceError TURN_NOT_IN_CONVERSATION for a turn of a shared past, whose files belong to the original
   */
  async rewind(
    session: SessionRecord,
    { prompt }: PromptPlace,
    { dryRun, overwriteOthers }: { dryRun: boolean; overwriteOthers: boolean },
  ): Promise<RewoundFiles> {
    const { turnId } = prompt
    if (!(await this.#store.findTurn(session.tenantId, session.id, turnId))) {
      const message = `Turn ${turnId} ran in the session that this one was forked from; rewind its files there`
      throw new ServiceError('TURN_NOT_IN_CONVERSATION', message, { turnId, reason: 'shared_past' })
    }
    const scope = scopeOf(session)
    const options = {
      overwriteOthers,
      isTrusted: (path: string) => isTrusted(path, session.workspace, this.#policy),
    }
    const { files, skipped } = dryRun
      ? await this.#checkpoints.planRestore(scope, turnId, options)
      : await this.#checkpoints.restore(scope, turnId, options)
    return { restored: files, skipped, untracked: await this.#listUntracked(session, prompt.sequence) }
  }

  /** Lists the tool calls from that turn on whose changes to files are unknown, oldest first. */
  async #listUntracked({ id, tenantId }: SessionRecord, from: number): Promise<RewoundFiles['untracked']> {
    const calls: RewoundFiles['untracked'] = []
    for (let after = from - 1; ; ) {
      const events = await this.#store.listEvents(tenantId, { sessionId: id, after, limit: pageSize })
      for (const event of events) calls.push(...findUntracked(event))
      after = events.at(-1)?.sequence ?? after
      if (events.length < pageSize || calls.length >= listedCalls) return calls.slice(0, listedCalls)
    }
  }
}

function findUntracked({ type, turnId, payload }: EventRecord): RewoundFiles['untracked'] {
  if (type !== 'message' || turnId === null) return []
  const { message } = payload as unknown as MessagePayload
  const { content } = (message.message ?? {}) as { content?: unknown }
  if (message.type !== 'assistant' || !Array.isArray(content)) return []
  return content.filter(isUntracked).map(({ id, name, input }) => ({
    turnId,
    toolUseId: id,
    toolName: name,
    input: JSON.stringify(input).slice(0, shownCharacters),
  }))
}

/** Commands and foreign tools can change any file; Claude's own file tools say which. */
function isUntracked(block: unknown): block is { id: string; name: string; input: unknown } {
  const { type, id, name } = (block ?? {}) as { type?: unknown; id?: unknown; name?: unknown }
  return (
    type === 'tool_use' &&
    typeof id === 'string' &&
    typeof name === 'string' &&
    (commandTools.has(name) || name.startsWith('mcp__'))
  )
}

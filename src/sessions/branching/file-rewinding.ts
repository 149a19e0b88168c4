import type { RewoundFiles } from '../../contract/branching.ts'
import { isMcpTool, runsInShell } from '../../contract/claude-tools.ts'
import { ServiceError } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import { scopeOf } from '../files/file-scope.ts'
import { optionsOf, type SessionsOptions } from '../options.ts'
import type { Checkpoints, MessageReader, Store } from '../ports/index.ts'
import type { EventRecord, SessionRecord } from '../records.ts'
import { isTrusted } from '../settings/trust.ts'
import type { PromptPlace } from './conversations.ts'

const pageSize = 200
const listedCalls = 100
const shownCharacters = 200

type UntrackedCalls = RewoundFiles['untracked']

/** Puts back files that Claude changed, and says what cannot be put back. */
export class FileRewinding {
  readonly #store: Store
  readonly #messages: MessageReader
  readonly #checkpoints: Checkpoints
  readonly #options: SessionsOptions

  constructor({ store, messages, workspaces, options }: Core) {
    this.#messages = messages
    this.#store = store
    this.#options = options
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
      isTrusted: (path: string) =>
        isTrusted(path, session.workspace, optionsOf(this.#options, session.tenantId)),
    }
    const { files, skipped } = dryRun
      ? await this.#checkpoints.planRestore(scope, turnId, options)
      : await this.#checkpoints.restore(scope, turnId, options)
    return { restored: files, skipped, untracked: await this.#listUntracked(session, prompt.sequence) }
  }

  /** Lists the tool calls from that turn on whose changes to files are unknown, oldest first. */
  async #listUntracked({ id, tenantId }: SessionRecord, from: number): Promise<UntrackedCalls> {
    const calls: UntrackedCalls = []
    for (let after = from - 1; ; ) {
      const events = await this.#store.listEvents(tenantId, { sessionId: id, after, limit: pageSize })
      for (const event of events) calls.push(...findUntracked(event, this.#messages))
      after = events.at(-1)?.sequence ?? after
      if (events.length < pageSize || calls.length >= listedCalls) return calls.slice(0, listedCalls)
    }
  }
}

function findUntracked({ type, turnId, payload }: EventRecord, messages: MessageReader): UntrackedCalls {
  if (type !== 'message' || turnId === null) return []
  const { kind, blocks } = messages.read(payload.message)
  if (kind !== 'assistant') return []
  return blocks.flatMap(block =>
    block.type === 'toolCall' && block.id !== '' && isUntracked(block.name)
      ? {
          turnId,
          toolUseId: block.id,
          toolName: block.name,
          input: JSON.stringify(block.input).slice(0, shownCharacters),
        }
      : [],
  )
}

/** Commands and foreign tools can change any file; Claude's own file tools say which. */
function isUntracked(toolName: string): boolean {
  return runsInShell(toolName) || isMcpTool(toolName)
}

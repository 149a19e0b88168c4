import { notFound, ServiceError } from '../../contract/errors.ts'
import type { PromptMark, Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import { isTerminal } from '../turns/turn.ts'
import { toConversation } from './past.ts'

/** A conversation, cut at one of its prompts: this one, those before it, and those after it. */
export interface PromptPlace {
  prompt: PromptMark
  before: PromptMark[]
  after: PromptMark[]
}

/** Reads from logs which prompts conversations consist of. */
export class Conversations {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** The prompts that count, oldest first. */
  async of({ id, tenantId, rewound }: SessionRecord): Promise<PromptMark[]> {
    return toConversation(await this.#store.branches.listPrompts(tenantId, id), rewound)
  }

  /** @throws ServiceError TURN_NOT_FOUND, TURN_NOT_IN_CONVERSATION */
  async find({ id, tenantId, rewound }: SessionRecord, turnId: string): Promise<PromptPlace> {
    const prompts = await this.#store.branches.listPrompts(tenantId, id)
    const conversation = toConversation(prompts, rewound)
    const index = conversation.findIndex(mark => mark.turnId === turnId)
    const prompt = conversation[index]
    if (prompt) {
      return { prompt, before: conversation.slice(0, index), after: conversation.slice(index + 1) }
    }
    const wasSent = prompts.some(mark => mark.turnId === turnId)
    if (!wasSent && !(await this.#store.findTurn(tenantId, id, turnId))) {
      throw notFound('TURN_NOT_FOUND', turnId)
    }
    const message = `Turn ${turnId} ${wasSent ? 'has been rewound' : 'was never sent to Claude'}`
    const reason = wasSent ? 'rewound' : 'never_sent'
    throw new ServiceError('TURN_NOT_IN_CONVERSATION', message, { turnId, reason })
  }

  /** Also true of the turns of a shared past, which are the original's. */
  async hasEnded({ id, tenantId }: SessionRecord, { turnId }: PromptMark): Promise<boolean> {
    const turn = await this.#store.findTurn(tenantId, id, turnId)
    return !turn || isTerminal(turn.status)
  }
}

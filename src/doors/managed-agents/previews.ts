import type { SessionEvent } from '../../client/index.ts'
import { toText } from './content.ts'
import type { PreviewEvent } from './event-types.ts'
import { toBlockEventId, toObjectEventId } from './ids.ts'

export const previewTypes = ['agent.message', 'agent.thinking'] as const
export type PreviewType = (typeof previewTypes)[number]

/** A block that is being generated. */
interface Block {
  sent: number
  /** How much of what comes next was sent before the connection broke. */
  known: number
}

/** The pieces of messages that one client gets before their events. */
export class Previews {
  readonly #wanted: readonly PreviewType[]
  readonly #blocks = new Map<string, Block>()

  constructor(wanted: readonly PreviewType[]) {
    this.#wanted = wanted
  }

  see(event: SessionEvent): PreviewEvent[] {
    switch (event.type) {
      case 'delta':
        return this.#toPieces(event.data)
      case 'delta.voided':
        return this.#toVoided(event.data)
      case 'message':
        // All messages that were generated are complete.
        if (event.data.message.type === 'result') this.#blocks.clear()
        return []
      case 'reconnected':
        // Unfinished blocks are sent again from their start.
        for (const block of this.#blocks.values()) block.known = block.sent
        return []
      default:
        return []
    }
  }

  #toPieces({ messageId, blockIndex, delta }: EventOf<'delta'>): PreviewEvent[] {
    if (delta.type === 'input_json') return []
    const type = delta.type === 'text' ? 'agent.message' : 'agent.thinking'
    if (!this.#wanted.includes(type)) return []
    const id = toBlockEventId(messageId, blockIndex)
    const events: PreviewEvent[] = []
    let block = this.#blocks.get(id)
    if (!block) {
      block = { sent: 0, known: 0 }
      this.#blocks.set(id, block)
      events.push({ type: 'event_start', event: { type, id } })
    }
    // Thinking has no text in the protocol.
    if (delta.type !== 'text') return events
    const skipped = Math.min(block.known, delta.text.length)
    const text = delta.text.slice(skipped)
    block.known -= skipped
    block.sent += text.length
    if (text === '') return events
    const piece = { type: 'content_delta' as const, index: 0, content: toText(text) }
    return [...events, { type: 'event_delta', event_id: id, delta: piece }]
  }

  /** The request to the model broke off: the end of its span closes the preview. */
  #toVoided({ turnId, messageId, blockIndex }: EventOf<'delta.voided'>): PreviewEvent[] {
    if (!this.#blocks.delete(toBlockEventId(messageId, blockIndex))) return []
    return [
      {
        type: 'span.model_request_end',
        id: toObjectEventId(turnId, `_${messageId}_${blockIndex}_voided`),
        model_request_start_id: toBlockEventId(messageId, 0),
        is_error: true,
        model_usage: {
          input_tokens: 0,
          output_tokens: 0,
          cache_read_input_tokens: 0,
          cache_creation_input_tokens: 0,
        },
        processed_at: new Date().toISOString(),
      },
    ]
  }
}

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>['data']

import type { ServerContext } from '@modelcontextprotocol/server'
import { type BlockView, readMessage, type SessionEvent } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { shorten } from '../../lib/shorten.ts'

/** Clients that end calls without a sign of life wait for a minute. */
const silenceMs = 20_000
const longestText = 2_000
const longestInput = 200

/** Tells the client of a call how a turn is getting on, if it wants to know. */
export class Progress {
  readonly #context: ServerContext
  readonly #token: string | number | undefined
  readonly #timer: NodeJS.Timeout | undefined
  #last = 0

  constructor(context: ServerContext) {
    this.#context = context
    this.#token = context.mcpReq._meta?.progressToken
    if (this.#token === undefined) return
    this.#timer = setInterval(() => void this.#send('Claude is working', this.#last), silenceMs)
  }

  async report(event: SessionEvent): Promise<void> {
    const message = describeEvent(event)
    if (this.#token === undefined || message === undefined || !('sequence' in event.data)) return
    this.#timer?.refresh()
    await this.#send(message, event.data.sequence)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Progress must grow with each notification; it is the position in the log. */
  async #send(message: string, position: number): Promise<void> {
    this.#last = Math.max(position, this.#last + 0.001)
    const params = { progressToken: this.#token as string | number, progress: this.#last, message }
    // A client that has left learns nothing more.
    await this.#context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}

function describeEvent(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'turn.queued':
      return 'The prompt waits'
    case 'turn.started':
      return 'Claude has started'
    case 'permission.requested':
      return `Waits for an answer: ${event.data.title ?? event.data.toolName}`
    case 'permission.resolved':
      return `${event.data.title ?? event.data.toolName}: ${event.data.status}`
    case 'message': {
      const shown = readMessage(event.data)
      if (shown?.role !== 'assistant') return undefined
      const texts = shown.blocks.map(describeBlock).filter(text => text !== undefined)
      return texts.length > 0 ? texts.join('\n') : undefined
    }
    default:
      return undefined
  }
}

export function describeBlock(block: BlockView): string | undefined {
  if (block.type === 'text') return shorten(block.text, longestText)
  if (block.type !== 'tool_call') return undefined
  return `${toShownTool(block.name ?? '')} ${shorten(JSON.stringify(block.input) ?? '', longestInput)}`
}

import { type EventType, isTerminalEventType } from '../../contract/events.ts'

const separator = Buffer.from('\n\n')
/** Frames that say nothing new to a client that had the stream before. */
const ofBeginnings = new Set(['connected', 'caught_up'])
const nothing = Buffer.alloc(0)

interface Block {
  turnId: string
  messageId: string
  blockIndex: number
}

/** The state of a stream of events between the node that sends it and the client that reads it. */
export class RelayedEvents {
  #rest = nothing
  #isContinued = false
  /** Blocks of which the client has had deltas, and no message yet. */
  readonly #blocks = new Map<string, Block>()
  /** Activities that the client takes for current, as they were sent. */
  readonly #activities = new Map<string, { turnId: string | null; activity: { id: string } }>()
  #closing = nothing
  /** How many frames were passed on. */
  count = 0
  /** The sequence of the last event that was passed on. */
  lastId: number | undefined

  /** Whether the node has said that it closes. */
  get isClosing(): boolean {
    return this.#closing.length > 0
  }

  /** Takes bytes as they arrive. @returns whole frames for the client */
  take(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const passed: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(separator); end !== -1; end = bytes.indexOf(separator, start)) {
      const frame = bytes.subarray(start, end + separator.length)
      if (this.#passes(frame)) passed.push(frame)
      this.count++
      start = end + separator.length
    }
    this.#rest = Buffer.from(bytes.subarray(start))
    return passed.length === 1 && passed[0] ? passed[0] : Buffer.concat(passed)
  }

  /** Another node begins to send. @returns what the client has to be told before */
  begin(): Buffer {
    this.#rest = nothing
    this.#closing = nothing
    this.#isContinued = true
    const voided = [...this.#blocks.values()].map(block => toFrame('delta.voided', block))
    const ended = [...this.#activities.values()].map(({ turnId, activity: { id } }) =>
      toFrame('activity', { turnId, activity: { kind: 'done', id } }),
    )
    this.#blocks.clear()
    this.#activities.clear()
    return Buffer.from([...voided, ...ended].join(''))
  }

  /** The last frame of the node, for a stream that is not resumed again. */
  get farewell(): Buffer {
    return this.#closing
  }

  #passes(frame: Buffer): boolean {
    if (frame[0] === 0x3a) return true
    const { event, id, data } = parse(frame)
    if (event === 'closing') {
      this.#closing = Buffer.from(frame)
      return false
    }
    // Of a stream that begins with what comes, nothing else says where that is.
    if (event === 'caught_up') this.lastId ??= (JSON.parse(data) as { sequence: number }).sequence
    if (this.#isContinued && ofBeginnings.has(event)) return false
    if (id !== undefined) this.lastId = id
    this.#note(event, data)
    return true
  }

  #note(event: string, data: string): void {
    if (event === 'delta') {
      const { turnId, messageId, blockIndex } = JSON.parse(data) as Block
      this.#blocks.set(`${messageId} ${blockIndex}`, { turnId, messageId, blockIndex })
    } else if (event === 'delta.voided') {
      const { messageId, blockIndex } = JSON.parse(data) as Block
      this.#blocks.delete(`${messageId} ${blockIndex}`)
    } else if (event === 'activity') {
      const told = JSON.parse(data) as { turnId: string | null; activity: { kind: string; id: string } }
      if (told.activity.kind === 'done') this.#activities.delete(told.activity.id)
      else this.#activities.set(told.activity.id, told)
    } else if (event === 'message') this.#finishBlock(data)
    else if (isTerminalEventType(event as EventType)) this.#blocks.clear()
  }

  /** Each block becomes a message of its own, in their order. */
  #finishBlock(data: string): void {
    const finished = [...this.#blocks].find(([, { messageId }]) => data.includes(messageId))
    if (finished) this.#blocks.delete(finished[0])
  }
}

function parse(frame: Buffer): { event: string; id: number | undefined; data: string } {
  const fields = new Map<string, string>()
  for (const line of frame.toString().split('\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2))
  }
  const id = fields.get('id')
  return {
    event: fields.get('event') ?? 'message',
    id: id === undefined ? undefined : Number(id),
    data: fields.get('data') ?? '',
  }
}

function toFrame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

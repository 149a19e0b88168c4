import type {
  EventStore,
  JSONRPCRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { PermissionRequest } from '../../client/index.ts'
import { type ResumableCall, toEventId } from './event-id.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { Channel, ElicitationModes, FormOrPage, TurnPosition } from './surroundings.ts'

interface ChannelParts {
  mailboxes: Mailboxes
  connection: readonly unknown[]
  modes: ElicitationModes
  requests: readonly JSONRPCRequest[]
  resumed: TurnPosition | undefined
  request: Request
}

/** Since this version clients understand events without data. */
const emptyEventsSince = '2025-11-25'
/** The SDK's first event, when the call has no turn yet. It says nothing, and some clients report it as an error. */
const saysNothing = Buffer.from('id: \ndata: \n\n')

/** The stream of a tool call to a client of MCP until 2025-11-25. */
export class HttpChannel implements Channel, EventStore {
  readonly modes: ElicitationModes
  readonly resumed: TurnPosition | undefined
  readonly dismissed: AbortSignal
  readonly #parts: ChannelParts
  readonly #dismissing = new AbortController()
  /** Elicitations that the client has not answered, by permission. */
  readonly #open = new Map<string, string>()
  readonly #mailboxes: (() => void)[] = []
  readonly #call: Omit<ResumableCall, 'position'> | undefined
  readonly #stream: TransformStream<Uint8Array, Uint8Array>
  #output: TransformStreamDefaultController<Uint8Array> | undefined
  #transport: WebStandardStreamableHTTPServerTransport | undefined
  #eventId = ''
  #ended = () => {}

  constructor(parts: ChannelParts) {
    this.#parts = parts
    this.modes = parts.modes
    this.resumed = parts.resumed
    this.dismissed = this.#dismissing.signal
    this.#call = findCall(parts.requests)
    this.#stream = new TransformStream({
      start: controller => {
        this.#output = controller
      },
      transform: (chunk, controller) => {
        if (!saysNothing.equals(chunk)) controller.enqueue(chunk)
      },
      flush: () => this.#ended(),
      cancel: () => this.#ended(),
    })
    const { sessionId = '', asked = [] } = parts.resumed ?? {}
    for (const permissionId of asked) this.#expect(sessionId, permissionId)
  }

  get isResumable(): boolean {
    return this.#call !== undefined
  }

  /** @param ended is called when the response is complete, or its reader has left */
  connect(transport: WebStandardStreamableHTTPServerTransport, ended: () => void): void {
    this.#transport = transport
    this.#ended = ended
  }

  wrap({ body, status, headers }: Response): Response {
    return new Response(body?.pipeThrough(this.#stream) ?? null, { status, headers })
  }

  /** Is called by the SDK for the id of each event; empty: the call has no turn yet. */
  async storeEvent(): Promise<string> {
    return this.#eventId
  }

  /** A stream is resumed by another call. */
  async replayEventsAfter(): Promise<string> {
    throw new Error('not used')
  }

  moved(position: TurnPosition): void {
    if (!this.#call) return
    const isFirst = this.#eventId === ''
    this.#eventId = toEventId({ ...this.#call, position })
    const version = this.#parts.request.headers.get('mcp-protocol-version') ?? ''
    if (isFirst && version >= emptyEventsSince) {
      this.#output?.enqueue(Buffer.from(`id: ${this.#eventId}\ndata: \n\n`))
    }
  }

  async elicit({ sessionId, permissionId }: PermissionRequest, params: FormOrPage): Promise<void> {
    const id = this.#expect(sessionId, permissionId)
    await this.#send({ jsonrpc: '2.0', id, method: 'elicitation/create', params: { ...params } })
  }

  /** @returns the id of the elicitation */
  #expect(sessionId: string, permissionId: string): string {
    const { mailboxes, connection } = this.#parts
    const id = toElicitationId(sessionId, permissionId)
    this.#open.set(permissionId, id)
    const end = mailboxes.open([...connection, 'elicitation', permissionId], message => {
      if (message === 'taken') this.#open.delete(permissionId)
      else this.#dismissing.abort()
    })
    this.#mailboxes.push(end)
    return id
  }

  async withdraw(permissionId: string): Promise<void> {
    const id = this.#open.get(permissionId)
    if (!id) return
    this.#open.delete(permissionId)
    const params = { requestId: id, reason: 'The request is over' }
    await this.#send({ jsonrpc: '2.0', method: 'notifications/cancelled', params })
  }

  close(): void {
    for (const end of this.#mailboxes.splice(0)) end()
  }

  static readElicitationId(id: unknown): [sessionId: string, permissionId: string] | undefined {
    const [, sessionId, permissionId] = /^elicitation:([\w-]{1,100}):([\w-]{1,100})$/.exec(String(id)) ?? []
    return sessionId && permissionId ? [sessionId, permissionId] : undefined
  }

  async #send(message: Parameters<WebStandardStreamableHTTPServerTransport['send']>[0]): Promise<void> {
    const [request] = this.#parts.requests
    if (request) await this.#transport?.send(message, { relatedRequestId: request.id })
  }
}

function toElicitationId(sessionId: string, permissionId: string): string {
  return `elicitation:${sessionId}:${permissionId}`
}

/** Only a call that is alone in its HTTP request has a stream of its own. */
function findCall(requests: readonly JSONRPCRequest[]): Omit<ResumableCall, 'position'> | undefined {
  const [request] = requests
  const tool = request?.params?.name
  if (requests.length !== 1 || !request || request.method !== 'tools/call') return undefined
  if (tool !== 'prompt' && tool !== 'wait_for_turn') return undefined
  const progressToken = request.params?._meta?.progressToken
  return { id: request.id, tool, ...(progressToken !== undefined && { progressToken }) }
}

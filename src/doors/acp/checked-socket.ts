import { EventEmitter } from 'node:events'
import { methods, RequestError } from '@agentclientprotocol/sdk'
import type { DoorSocket } from '../../contract/doors.ts'
import { invalid } from './errors.ts'
import { isRecord } from './transport-errors.ts'

const { initialize } = methods.agent
/** Limit of the library, which closes the connection of a longer one. */
const longestId = 1_024
/** Output that waits for a client that does not read. */
const maxBufferedBytes = 8 * 1024 * 1024

/** Answers what the library would only print on the console: messages in a wrong order, and ids that are too long. */
export class CheckedSocket extends EventEmitter implements DoorSocket {
  readonly #socket: DoorSocket
  /** Whether the first message has come. */
  #isOpened = false

  constructor(socket: DoorSocket) {
    super()
    this.#socket = socket
    socket.on('message', text => {
      if (this.#isTaken(String(text))) this.emit('message', text)
    })
    socket.on('close', code => this.emit('close', code))
  }

  get readyState(): number {
    return this.#socket.readyState
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }

  #isTaken(text: string): boolean {
    const message = parse(text)
    // The library itself refuses everything else.
    if (!isCall(message)) return true
    const { id, method, params } = message
    const sessionId = isRecord(params) ? params.sessionId : undefined
    if (isLong(id)) return this.#refuse(null, tooLong('id'))
    if (isLong(sessionId)) return this.#refuse(id, tooLong('sessionId'))
    if (!this.#isOpened) return this.#open(method, id)
    if (method !== initialize || id === undefined) return true
    return this.#refuse(id, RequestError.invalidRequest(undefined, 'The connection is initialized already'))
  }

  #open(method: string, id: Id): boolean {
    if (method === initialize && id !== undefined && id !== null) {
      this.#isOpened = true
      return true
    }
    const isFirst = method !== initialize
    this.close(1002, isFirst ? 'First message must be initialize' : 'Initialize request must include an ID')
    return false
  }

  /** A notification has no answer. */
  #refuse(id: Id, error: RequestError): false {
    if (id === undefined) return false
    if (this.bufferedAmount > maxBufferedBytes) this.close(1008, 'The client does not read')
    else this.send(JSON.stringify({ jsonrpc: '2.0', id, error: error.toErrorResponse() }))
    return false
  }
}

type Id = string | number | null | undefined

interface Call {
  id?: Id
  method: string
  params?: unknown
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether it is a request or a notification. */
function isCall(message: unknown): message is Call {
  if (!isRecord(message) || message.jsonrpc !== '2.0' || typeof message.method !== 'string') return false
  const { id } = message
  return id === undefined || id === null || typeof id === 'string' || Number.isFinite(id)
}

function isLong(id: unknown): boolean {
  return typeof id === 'string' && id.length > longestId
}

function tooLong(field: string): RequestError {
  return invalid(field, `must have at most ${longestId} characters`)
}

import { Backoff, type RetryOptions } from './backoff.ts'
import { ApiError, isApiError } from './errors.ts'
import type { SessionEvent } from './event-stream.ts'
import { type FollowOptions, followEvents, isTerminal } from './follow.ts'
import type {
  AnswerPermissionRequest,
  BackgroundAccepted,
  InterruptResponse,
  PatchSessionRequest,
  PermissionRequest,
  Prompt,
  SendMessageRequest,
  Session,
  Turn,
} from './generated-api.ts'
import { RequestAnswering, type RequestHandlers } from './request-answering.ts'
import { type CallOptions, newIdempotencyKey, type Transport } from './transport.ts'
import { toAnswered } from './turn-result.ts'

type PromptFields = Pick<SendMessageRequest, 'timeout' | 'onBusy' | 'commands'>

export interface SubmitOptions extends PromptFields, CallOptions {
  /** The key under which the server accepts the prompt once; absent: a new one. */
  idempotencyKey?: string | undefined
}

export interface StreamOptions extends SubmitOptions {
  onRequest?: RequestHandlers | undefined
  /** Whether pieces of messages are wanted while they are generated. Default: true. */
  includeDeltas?: boolean | undefined
  /** The fate of the turn if the reader leaves early, by `break` or by the signal. Default: `continue`. */
  onLeave?: 'continue' | 'interrupt' | undefined
}

export interface SendOptions extends Omit<StreamOptions, 'includeDeltas'> {
  /**
   * How often a turn that failed is run again, where its error says that this can help (`retry: "new_key"`). Tools may
   * have run already. Default: 0.
   */
  turnRetries?: number | undefined
}

export interface FollowSessionOptions extends FollowOptions {
  onRequest?: RequestHandlers | undefined
}

/** How long the interrupt of an abandoned turn may take. */
const interruptMs = 5_000

/** One session. Creating this object sends nothing. */
export class SessionClient {
  readonly id: string
  readonly #transport: Transport

  constructor(transport: Transport, id: string) {
    this.#transport = transport
    this.id = id
  }

  get(options?: CallOptions): Promise<Session> {
    return this.#transport.call('getSession', { params: this.#params }, options)
  }

  /** The session; undefined: there is none with this id that the key can see. */
  async find(options?: CallOptions): Promise<Session | undefined> {
    try {
      return await this.get(options)
    } catch (error) {
      if (isApiError(error, 'SESSION_NOT_FOUND')) return undefined
      throw error
    }
  }

  /** The requests that wait for an answer, oldest first; at most 200. */
  async pendingRequests(options?: CallOptions): Promise<PermissionRequest[]> {
    const query = { status: 'pending', limit: 200 } as const
    const input = { params: this.#params, query }
    return (await this.#transport.call('listPermissions', input, options)).permissions
  }

  update(changes: PatchSessionRequest, options?: CallOptions): Promise<Session> {
    return this.#transport.call('patchSession', { params: this.#params, body: changes }, options)
  }

  end(options?: CallOptions): Promise<undefined> {
    return this.#transport.call('endSession', { params: this.#params }, options)
  }

  /** Interrupts the running turn. */
  interrupt(
    request: { turnId?: string; clearQueue?: boolean } = {},
    options?: CallOptions,
  ): Promise<InterruptResponse> {
    return this.#transport.call('interruptSession', { params: this.#params, body: request }, options)
  }

  getTurn(turnId: string, options?: CallOptions): Promise<Turn> {
    return this.#transport.call('getTurn', { params: { ...this.#params, turnId } }, options)
  }

  /** Answers a permission request, a question, a plan or a form. */
  answer(
    permissionId: string,
    answer: AnswerPermissionRequest,
    options?: CallOptions,
  ): Promise<PermissionRequest> {
    const params = { ...this.#params, permissionId }
    return this.#transport.call('answerPermission', { params, body: answer }, options)
  }

  /** As `answer`; undefined: the request has been answered by another caller, or is over. */
  async answerIfPending(
    permissionId: string,
    answer: AnswerPermissionRequest,
    options?: CallOptions,
  ): Promise<PermissionRequest | undefined> {
    try {
      return await this.answer(permissionId, answer, options)
    } catch (error) {
      if (isApiError(error, 'PERMISSION_ALREADY_RESOLVED')) return undefined
      throw error
    }
  }

  /** Submits a prompt and returns as soon as the server has accepted it. */
  async submit(prompt: Prompt, options: SubmitOptions = {}): Promise<BackgroundAccepted> {
    const { idempotencyKey = newIdempotencyKey(), timeout, onBusy, commands, ...call } = options
    const body = { prompt, timeout, onBusy, commands, background: true }
    const headers = { 'Idempotency-Key': idempotencyKey }
    const input = { params: this.#params, headers, body }
    return (await this.#transport.call('sendMessage', input, bounded(call))) as BackgroundAccepted
  }

  /**
   * Sends a prompt and waits for its answer, over broken connections and restarts of the server.
   *
   * @throws ApiError if the prompt was refused or its turn failed
   */
  async send(prompt: Prompt, { turnRetries = 0, ...options }: SendOptions = {}): Promise<Turn> {
    let { turnId } = await this.submit(prompt, options)
    const backoff = new Backoff({
      ...callOptionsOf(this.#transport.options),
      ...callOptionsOf(options),
      retries: turnRetries,
    })
    for (;;) {
      try {
        for await (const _ of this.#followTurn(turnId, { ...options, includeDeltas: false }));
        return toAnswered(await this.getTurn(turnId, callOptionsOf(options)))
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== null || error.retry !== 'new_key') throw error
        await backoff.wait(error, options.signal)
        const params = { ...this.#params, turnId }
        const request = { params, body: { background: true } }
        const accepted = await this.#transport.call('retryTurn', request, bounded(callOptionsOf(options)))
        turnId = (accepted as BackgroundAccepted).turnId
      }
    }
  }

  /** Sends a prompt and yields the events of its turn; the last one is the turn's end. */
  async *stream(prompt: Prompt, options: StreamOptions = {}): AsyncGenerator<SessionEvent, void> {
    const { turnId } = await this.submit(prompt, options)
    yield* this.#followTurn(turnId, { includeDeltas: true, ...options })
  }

  /** Yields the session's events, of the past and live, until the session or the given turn is over. */
  async *follow({
    onRequest = {},
    ...options
  }: FollowSessionOptions = {}): AsyncGenerator<SessionEvent, void> {
    const answering = new RequestAnswering(onRequest, ({ permissionId }, answer, { signal }) =>
      this.answerIfPending(permissionId, answer, { ...callOptionsOf(options), signal }),
    )
    const { failed } = answering
    const signal = options.signal ? AbortSignal.any([options.signal, failed]) : failed
    try {
      for await (const event of followEvents(this.#transport, this.id, { ...options, signal })) {
        answering.see(event)
        yield event
      }
    } finally {
      answering.close()
    }
  }

  async *#followTurn(turnId: string, options: StreamOptions): AsyncGenerator<SessionEvent, void> {
    const { onRequest, includeDeltas, onLeave = 'continue', ...call } = options
    let isOver = false
    try {
      const wanted = { turnId, onRequest, includeDeltas, ...callOptionsOf(call) }
      for await (const event of this.follow(wanted)) {
        isOver = isTerminal(event.type)
        yield event
      }
      isOver = true
    } finally {
      if (!isOver && onLeave === 'interrupt') {
        // A server that cannot be reached has no way to be told; the caller gets the error that ended the stream.
        await this.interrupt({ turnId }, { retries: 1, timeoutMs: interruptMs }).catch(() => {})
      }
    }
  }

  get #params() {
    return { sessionId: this.id }
  }
}

/** A prompt that runs in the background is accepted at once. */
function bounded(options: CallOptions): CallOptions {
  return { timeoutMs: 60_000, ...callOptionsOf(options) }
}

function callOptionsOf({ signal, retries, maxRetryAfterMs }: CallOptions & RetryOptions) {
  return {
    ...(signal && { signal }),
    ...(retries !== undefined && { retries }),
    ...(maxRetryAfterMs !== undefined && { maxRetryAfterMs }),
  }
}

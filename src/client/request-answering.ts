import type { FeedEvent, SessionEvent } from './event-stream.ts'
import type { AnswerPermissionRequest, PermissionRequest } from './generated-api.ts'
import { OpenRequests } from './open-requests.ts'

type Decision = 'allow' | 'deny' | AnswerPermissionRequest
/**
 * Answers a request by its return value. `undefined` leaves it to another client. The signal aborts when the request is
 * over: answered elsewhere, expired or withdrawn.
 */
type Answerer<Request extends PermissionRequest = PermissionRequest> = (
  request: Request,
  context: { signal: AbortSignal },
) => Decision | undefined | Promise<Decision | undefined>

/** A request of the kind that has this field. */
type With<Field extends keyof PermissionRequest> = PermissionRequest & {
  [Name in Field]-?: NonNullable<PermissionRequest[Name]>
}

/** Callbacks by the kind of request; requests without a callback stay open for others. */
export interface RequestHandlers {
  /** Claude wants to use a tool. */
  permission?: Answerer | undefined
  /** Claude asks something; the answer has `answers`. */
  question?: Answerer<With<'questions'>> | undefined
  /** Claude proposes a plan. */
  plan?: Answerer<With<'plan'>> | undefined
  /** An MCP server asks for input; the answer has `content`. */
  elicitation?: Answerer<With<'elicitation'>> | undefined
  /** Claude calls a tool of the caller; the answer has `result` or `error`. */
  clientTool?: Answerer | undefined
  /** The caller decides about an event; the answer has `output` or `error`. */
  hook?: Answerer<With<'hook'>> | undefined
}

const callbackOf = {
  tool: 'permission',
  question: 'question',
  plan: 'plan',
  elicitation: 'elicitation',
  client_tool: 'clientTool',
  hook: 'hook',
} as const satisfies Record<PermissionRequest['kind'], keyof RequestHandlers>

/** A request that was answered elsewhere, or by an attempt whose response was lost, is not an error. */
export type SendAnswer = (
  request: PermissionRequest,
  answer: AnswerPermissionRequest,
  options: { signal: AbortSignal },
) => Promise<unknown>

/** Answers the requests of a stream by callbacks. */
export class RequestAnswering {
  /** Aborts with the error of a callback, or of an answer that was refused. */
  readonly failed: AbortSignal
  readonly #failed = new AbortController()
  readonly #handlers: RequestHandlers
  readonly #send: SendAnswer
  readonly #open = new OpenRequests((request, signal) => this.#ask(request, signal))

  constructor(handlers: RequestHandlers, send: SendAnswer) {
    this.#handlers = handlers
    this.#send = send
    this.failed = this.#failed.signal
  }

  see(event: SessionEvent | FeedEvent): void {
    this.#open.see(event)
  }

  /** Aborts the signals of callbacks that still run. */
  close(): void {
    this.#open.close()
  }

  #ask(request: PermissionRequest, signal: AbortSignal): void {
    const handler = this.#handlers[callbackOf[request.kind]]
    // The kind of a request says which fields it has.
    const answer = handler as Answerer | undefined
    if (!answer) return
    this.#answer(request, answer, signal).catch(error => {
      if (!signal.aborted) this.#failed.abort(error)
    })
  }

  async #answer(request: PermissionRequest, answer: Answerer, signal: AbortSignal): Promise<void> {
    const decision = await answer(request, { signal })
    if (decision === undefined || signal.aborted) return
    const body = typeof decision === 'string' ? { decision } : decision
    await this.#send(request, body, { signal })
  }
}

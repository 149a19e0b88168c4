import type { ClientCapabilities, SessionUpdate } from '@agentclientprotocol/sdk'
import {
  type AgentContext,
  methods,
  type PromptRequest,
  type PromptResponse,
  RequestError,
} from '@agentclientprotocol/sdk'
import {
  type ClaudeCodeClient,
  isTerminal,
  type Session,
  type SessionClient,
  type SessionEvent,
} from '../../client/index.ts'
import { toAvailableCommand } from './commands.ts'
import { cancelled, codeOf } from './errors.ts'
import { MessageUpdates, toChunk } from './message-updates.ts'
import { isCommand, toPrompt } from './prompt-blocks.ts'
import { replay } from './replay.ts'
import { RequestForwarder } from './request-forwarder.ts'
import { type Choices, choicesOf, toConfigOptions } from './session-options.ts'
import { type TurnEnd, toPromptResponse } from './turn-end.ts'

export interface OpenSessionOptions {
  api: ClaudeCodeClient
  client: AgentContext
  capabilities: ClientCapabilities
  session: Session
  logFault(error: unknown): void
  /** Is called once, when the connection stops following the session. */
  onEnd(): void
}

/** A prompt of this client. */
interface OwnPrompt {
  /** Undefined until the server has accepted it. */
  turnId: string | undefined
  isCancelled: boolean
  ended: PromiseWithResolvers<TurnEnd>
}

/** A session that a connection has open: its log is followed and sent to the client as updates. */
export class OpenSession {
  readonly #options: OpenSessionOptions
  readonly #session: SessionClient
  readonly #updates: MessageUpdates
  readonly #requests: RequestForwarder
  readonly #leaving = new AbortController()
  readonly #prompts = new Set<OwnPrompt>()
  /** Turns whose prompt the client has shown itself. */
  readonly #ownTurns = new Set<string>()
  /** Events wait until it is known whose turns these are. */
  readonly #submissions = new Set<Promise<unknown>>()
  #choices: Choices
  #knowsCommands = false

  constructor(options: OpenSessionOptions) {
    this.#options = options
    this.#choices = choicesOf(options.session)
    this.#session = options.api.session(options.session.sessionId)
    const isOwn = (turnId: string | undefined) => turnId !== undefined && this.#ownTurns.has(turnId)
    const { client, capabilities, logFault } = options
    this.#updates = new MessageUpdates({ isOwn, notices: capabilities.session?.notices != null })
    this.#requests = new RequestForwarder({
      session: this.#session,
      to: { client, capabilities },
      isOwn,
      logFault,
    })
  }

  get sessionId(): string {
    return this.#session.id
  }

  /**
   * Sends the conversation as updates.
   *
   * @throws RequestError if the session is closed meanwhile
   */
  async replay(): Promise<void> {
    const { session, api } = this.#options
    const { sessionId, lastSequence, state } = session
    for await (const update of replay(api, sessionId, lastSequence, this.#updates)) {
      this.#leaving.signal.throwIfAborted()
      await this.#send(update)
    }
    const running = state === 'idle' ? undefined : this.#updates.lastTurnId
    for (const update of this.#updates.ofEnd(turnId => turnId !== running)) await this.#send(update)
  }

  /**
   * Takes over the requests that are open.
   *
   * @throws RequestError if the session is closed meanwhile
   */
  async inherit(): Promise<void> {
    this.#requests.add(await this.#session.pendingRequests())
    this.#leaving.signal.throwIfAborted()
  }

  /** Begins with what comes after the session as it was given. */
  follow({ isNew }: { isNew: boolean }): void {
    if (isNew) this.#announceCommands()
    this.#follow(this.#options.session.lastSequence).catch(error => this.close(error))
  }

  async prompt({ prompt }: PromptRequest, signal: AbortSignal): Promise<PromptResponse> {
    const own: OwnPrompt = { turnId: undefined, isCancelled: false, ended: Promise.withResolvers() }
    own.ended.promise.catch(() => {})
    this.#prompts.add(own)
    // A connection that closes aborts the signal too, and its turns run on.
    const cancel = () => {
      if (signal.reason instanceof RequestError) this.#cancel(own).catch(this.#options.logFault)
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const submission = this.#session.submit(toPrompt(prompt), { commands: isCommand(prompt) })
      await this.#holdEvents(
        submission.then(({ turnId }) => {
          own.turnId = turnId
          this.#ownTurns.add(turnId)
        }),
      )
      if (own.isCancelled) await this.#cancel(own)
      return toPromptResponse(await own.ended.promise)
    } catch (error) {
      // Closing the session waits for the end of its prompts.
      own.ended.reject(error)
      throw error
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#prompts.delete(own)
    }
  }

  /** Interrupts the prompts of this client; where there are none, the running turn. */
  async cancel(): Promise<void> {
    if (this.#prompts.size === 0) await this.#session.interrupt()
    else await Promise.all([...this.#prompts].map(own => this.#cancel(own)))
  }

  /** Interrupts the prompts of this client, as the protocol demands, and stops following. */
  async leave(): Promise<void> {
    const prompts = [...this.#prompts]
    try {
      await Promise.all(prompts.map(own => this.#cancel(own)))
      await Promise.allSettled(prompts.map(({ ended }) => ended.promise))
    } finally {
      this.close(cancelled('the session is closed'))
    }
  }

  /** Changes the session, and returns what can be chosen then. */
  async change(changes: Parameters<SessionClient['update']>[0]): Promise<Choices> {
    this.#choices = choicesOf(await this.#session.update(changes))
    return this.#choices
  }

  /**
   * Stops following. Turns run on, and requests stay open for others.
   *
   * @param reason the error of prompts whose turns run on
   */
  close(reason: unknown): void {
    if (this.#leaving.signal.aborted) return
    this.#leaving.abort(reason)
    this.#requests.close()
    for (const { ended } of this.#prompts) ended.reject(reason)
    this.#options.onEnd()
  }

  async #cancel(own: OwnPrompt): Promise<void> {
    own.isCancelled = true
    if (own.turnId !== undefined) await this.#session.interrupt({ turnId: own.turnId })
  }

  async #holdEvents(submission: Promise<unknown>): Promise<void> {
    this.#submissions.add(submission)
    try {
      await submission
    } finally {
      this.#submissions.delete(submission)
    }
  }

  async #follow(after: number): Promise<void> {
    const { signal } = this.#leaving
    let isExpired = false
    for await (const event of this.#session.follow({ after, includeDeltas: true, signal, retries: 8 })) {
      await Promise.allSettled(this.#submissions)
      await this.#handle(event)
      isExpired ||= event.type === 'session.expired'
    }
    throw toOver(isExpired ? 'SESSION_EXPIRED' : 'SESSION_ENDED')
  }

  async #handle(event: SessionEvent): Promise<void> {
    for (const update of this.#toUpdates(event)) await this.#send(update)
    // It can be closed while the client is slow.
    this.#leaving.signal.throwIfAborted()
    this.#requests.see(event)
    if (event.type === 'session.updated') await this.#sendChoices(event.data)
    if (event.type === 'turn.started') this.#announceCommands()
    if (isTerminal(event.type)) this.#end(event as TurnEnd)
  }

  *#toUpdates(event: SessionEvent): Generator<SessionUpdate, void> {
    const updates = this.#updates
    switch (event.type) {
      case 'message':
        yield* updates.ofMessage(event.data)
        return
      case 'delta': {
        const { messageId, delta } = event.data
        const text = updates.sent.add(event.data)
        if (text !== '' && delta.type !== 'input_json') yield toChunk(delta.type, text, messageId)
        return
      }
      case 'delta.voided':
        updates.sent.drop(event.data.messageId, event.data.blockIndex)
        return
      case 'reconnected':
        updates.sent.again()
        return
      case 'session.updated':
        if (event.data.title !== undefined) {
          yield { sessionUpdate: 'session_info_update', title: event.data.title }
        }
        return
      default:
        if (!isTerminal(event.type)) return
        updates.sent.clear((event as TurnEnd).data.turnId)
        yield* updates.ofEnd(turnId => turnId === (event as TurnEnd).data.turnId)
    }
  }

  #end(end: TurnEnd): void {
    const { turnId } = end.data
    for (const own of this.#prompts) if (own.turnId === turnId) own.ended.resolve(end)
  }

  /** Sends changes by others, Claude included. */
  async #sendChoices({
    permissionMode,
    model,
    effort,
  }: Extract<SessionEvent, { type: 'session.updated' }>['data']): Promise<void> {
    const before = this.#choices
    const mode = permissionMode ?? before.mode
    const after = {
      mode,
      model: model === undefined ? before.model : model,
      effort: effort === undefined ? before.effort : effort,
    }
    this.#choices = after
    if (mode !== before.mode) {
      await this.#send({ sessionUpdate: 'current_mode_update', currentModeId: mode })
    }
    if (mode !== before.mode || after.model !== before.model || after.effort !== before.effort) {
      const { models } = await this.#options.api.call('listModels')
      await this.#send({
        sessionUpdate: 'config_option_update',
        configOptions: toConfigOptions(after, models),
      })
    }
  }

  /** Only a process knows its commands. */
  #announceCommands(): void {
    if (this.#knowsCommands) return
    this.#knowsCommands = true
    this.#sendCommands().catch(() => {
      this.#knowsCommands = false
    })
  }

  async #sendCommands(): Promise<void> {
    const { sessionId } = this.#options.session
    const { signal } = this.#leaving
    const { commands } = await this.#options.api.call('listCommands', { params: { sessionId } }, { signal })
    await this.#send({
      sessionUpdate: 'available_commands_update',
      availableCommands: commands.map(toAvailableCommand),
    })
  }

  #send(update: SessionUpdate): Promise<void> {
    const { client, session } = this.#options
    return client.notify(methods.client.session.update, { sessionId: session.sessionId, update })
  }
}

/** The error of prompts that a session leaves without an end, as that of prompts which follow. */
function toOver(code: 'SESSION_ENDED' | 'SESSION_EXPIRED'): RequestError {
  const message = code === 'SESSION_ENDED' ? 'The session has ended' : 'The session has expired'
  return new RequestError(codeOf(code, 410), message, { code, retry: 'never' })
}

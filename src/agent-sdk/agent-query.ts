import type {
  Options,
  PermissionMode,
  SDKMessage,
  SDKResultMessage,
  SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk'
import {
  type ClaudeCodeClient,
  type CreateSessionRequest,
  type DeltaEvent,
  isTerminal,
  newIdempotencyKey,
  type SessionEvent,
} from '../client/index.ts'
import { unlessAborted } from '../lib/unless-aborted.ts'
import { checkpoints } from './checkpoints.ts'
import { ClientHooks } from './client-hooks.ts'
import { ClientToolPermissions } from './client-tool-permissions.ts'
import { ClientTools } from './client-tools.ts'
import { AbortError } from './errors.ts'
import { MessageQueue } from './message-queue.ts'
import { toSdkMessage } from './messages.ts'
import { type OpenedSession, openSession } from './open-session.ts'
import { PartialMessages } from './partial-messages.ts'
import { toSubmittedPrompt, toUserMessage } from './prompts.ts'
import { Requests } from './requests.ts'
import { TurnOpenings } from './turn-openings.ts'
import { Turns } from './turns.ts'

/** How often a session is asked whether Claude still reports about its subagents. */
const quietCheckMs = 500
/** How long requests may take that end the work of an abandoned query. */
const leaveMs = 5_000

/** A query that runs in a session of a server. */
export class AgentQuery {
  readonly client: ClaudeCodeClient
  readonly options: Options
  readonly tools: ClientTools
  readonly hooks: ClientHooks
  readonly toolPermissions: ClientToolPermissions
  /** Resolves when the session is there. */
  readonly opened: Promise<OpenedSession>
  readonly turns = new Turns()
  readonly #queue = new MessageQueue<SDKMessage>()
  readonly #leaving = new AbortController()
  #permissionMode: PermissionMode | undefined
  #inputs = 0
  #partial: PartialMessages | undefined
  readonly #openings = new TurnOpenings()
  #requests: Requests | undefined
  #lastResult: SDKResultMessage | undefined
  #isSettling = false
  readonly #submitting = new Set<Promise<void>>()
  #left: Promise<void> = Promise.resolve()

  /** @throws NotSupportedError that names what the program asks for */
  constructor(
    client: ClaudeCodeClient,
    prompt: string | AsyncIterable<SDKUserMessage>,
    options: Options,
    fields: CreateSessionRequest,
  ) {
    this.client = client
    this.options = options
    this.tools = new ClientTools(options.mcpServers)
    this.hooks = new ClientHooks(options.hooks, this.tools.names)
    const { canUseTool, allowedTools = [] } = options
    const findMode = () => this.#permissionMode
    this.toolPermissions = new ClientToolPermissions({
      names: this.tools.names,
      allowedTools,
      canUseTool,
      findMode,
    })
    const { signal } = options.abortController ?? new AbortController()
    if (signal.aborted) throw new AbortError('Operation aborted')
    signal.addEventListener('abort', () => this.stop(new AbortError('Claude Code process aborted by user')), {
      once: true,
      signal: this.#leaving.signal,
    })
    this.opened = openSession({ client, options, fields, tools: this.tools, hooks: this.hooks })
    this.opened.catch(error => this.stop(error))
    void this.#follow()
    void this.feed(typeof prompt === 'string' ? [toUserMessage(prompt)] : prompt)
  }

  /** The next message. The end, or the error, comes when the work of the query on the server has been ended. */
  async next(): Promise<IteratorResult<SDKMessage, void>> {
    try {
      const step = await this.#queue.next()
      if (step.done) await this.#left
      return step
    } catch (error) {
      await this.#left
      throw error
    }
  }

  /** Ends the query without the messages that nothing has read yet; resolves when its work is interrupted. */
  close(): Promise<void> {
    this.#queue.clear()
    this.stop()
    return this.#left
  }

  /** Ends the query, and interrupts what runs for it; the error is thrown after the messages that are there. */
  stop(error?: unknown): void {
    if (this.#leaving.signal.aborted) return
    this.#leaving.abort()
    this.#requests?.close()
    this.#queue.end(error)
    this.#left = unlessAborted(this.#leave(), AbortSignal.timeout(leaveMs)).catch(() => {})
  }

  /** Resolves when the server has ended the turns whose results are here, or the query is over. */
  async settle(): Promise<void> {
    await unlessAborted(this.turns.whenResultsAreOver(), this.#leaving.signal).catch(() => {})
  }

  /** Submits prompts as they arrive. The query ends after the last turn, once the input has ended. */
  async feed(prompts: AsyncIterable<SDKUserMessage> | Iterable<SDKUserMessage>): Promise<void> {
    this.#inputs++
    try {
      for await (const message of prompts) {
        if (this.#leaving.signal.aborted) return
        const submitted = this.#submit(message)
        this.#submitting.add(submitted)
        await submitted.finally(() => this.#submitting.delete(submitted))
      }
    } catch (error) {
      this.stop(error)
    } finally {
      this.#inputs--
      this.#endIfOver()
    }
  }

  async #submit(message: SDKUserMessage): Promise<void> {
    const { prompt, uuid, options } = toSubmittedPrompt(message, this.options.verbatimPrompts === true)
    const { session } = await this.opened
    if (this.#leaving.signal.aborted) return
    const idempotencyKey = uuid === undefined ? newIdempotencyKey() : `${session.id}-${uuid}`
    const { turnId, isFirst } = await this.turns.submit(uuid, () =>
      session.submit(prompt, { ...options, idempotencyKey }),
    )
    if (uuid !== undefined) checkpoints.note(session.id, uuid, isFirst ? turnId : null)
    if (this.#leaving.signal.aborted) await this.#interrupt(turnId)
  }

  /** Ends the work of the query on the server. A prompt that is on its way is awaited, to interrupt its turn. */
  async #leave(): Promise<void> {
    const interrupts = this.turns.openIds.map(turnId => this.#interrupt(turnId))
    await Promise.allSettled([...this.#submitting, ...interrupts])
    if (this.options.persistSession === false) await this.#remove()
  }

  async #follow(): Promise<void> {
    try {
      const { session, after, permissionMode } = await this.opened
      this.#permissionMode = permissionMode
      const { includePartialMessages = false, promptSuggestions = false } = this.options
      this.#partial = includePartialMessages ? new PartialMessages(session.id) : undefined
      this.#requests = this.#createRequests({ session })
      // Requests of a turn that an earlier program has left, and for which the prompt would have to wait.
      if (after > 0) this.#requests.add(await session.pendingRequests())
      const includeDeltas = includePartialMessages || promptSuggestions
      for await (const event of session.follow({ after, includeDeltas, signal: this.#leaving.signal })) {
        // Events that came together are yielded together.
        if (this.#leaving.signal.aborted) return
        this.#see(event, session.id)
      }
      this.stop(new Error('The session has ended'))
    } catch (error) {
      this.stop(error)
    }
  }

  #createRequests({ session }: Pick<OpenedSession, 'session'>): Requests {
    const { canUseTool, onElicitation } = this.options
    const onFault = (error: unknown) => this.stop(error)
    const { tools, hooks, toolPermissions } = this
    return new Requests({ session, canUseTool, onElicitation, tools, toolPermissions, hooks, onFault })
  }

  #see(event: SessionEvent, sessionId: string): void {
    this.turns.see(event)
    this.#requests?.see(event)
    switch (event.type) {
      case 'message':
        this.#yield(event.data, sessionId)
        break
      case 'delta':
        this.#yieldPiece(event.data)
        break
      case 'delta.voided':
        this.#openings.forget(event.data.messageId)
        this.#partial?.onVoided(event.data.messageId)
        break
      case 'reconnected':
        this.#openings.forget()
        this.#partial?.onReconnected()
        break
      case 'suggestion': {
        const { text } = event.data
        const uuid = crypto.randomUUID()
        this.#queue.push({ type: 'prompt_suggestion', suggestion: text, uuid, session_id: sessionId })
        break
      }
      case 'session.updated':
        this.#permissionMode = event.data.permissionMode ?? this.#permissionMode
        this.#openings.invalidate()
        break
      default:
        if (isTerminal(event.type)) this.#onTurnEnd(event)
    }
  }

  #yieldPiece(delta: DeltaEvent): void {
    if (!this.#partial) return
    const opening = this.#openings.open(delta)
    if (opening === 'wait') return
    if (opening) this.#yieldWhole(opening)
    for (const one of this.#partial.onDelta(delta)) this.#queue.push(one)
  }

  #yield(data: Parameters<typeof toSdkMessage>[0], sessionId: string): void {
    const { forwardSubagentText = false } = this.options
    const message = toSdkMessage(data, {
      sessionId,
      tools: this.tools,
      forwardSubagentText,
      isInBackground: toolUseId => this.turns.isInBackground(toolUseId),
    })
    if (!message) return
    const isOpening = message.type === 'system' && message.subtype === 'init'
    if (isOpening && !this.#openings.note(message, data.turnId)) return
    if (message.type === 'result') {
      message.permission_denials = [...message.permission_denials, ...this.toolPermissions.takeDenials()]
      this.#lastResult = message
    }
    this.#yieldWhole(message)
    if (isOpening) for (const delta of this.#openings.takeEarly()) this.#yieldPiece(delta)
  }

  #yieldWhole(message: SDKMessage): void {
    for (const one of this.#partial?.before(message) ?? []) this.#queue.push(one)
    this.#queue.push(message)
    for (const one of this.#partial?.after(message) ?? []) this.#queue.push(one)
  }

  #onTurnEnd(event: SessionEvent): void {
    const { turnId, error } = event.data as { turnId: string; error?: { message: string } | null }
    this.toolPermissions.endTurn(turnId)
    if (!this.turns.hasResult(turnId)) {
      if (event.type === 'turn.failed' || event.type === 'turn.lost') {
        this.stop(new Error(error?.message ?? 'The turn has failed'))
      }
      if (event.type === 'turn.timed_out') this.stop(new Error('The turn timed out'))
    }
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#inputs > 0 || !this.turns.areOver || this.#leaving.signal.aborted) return
    if (this.turns.mayReport) this.#endWhenQuiet().catch(error => this.stop(error))
    else this.#end()
  }

  /** Ends the query when Claude has reported about its subagents, which it does in turns of its own. */
  async #endWhenQuiet(): Promise<void> {
    if (this.#isSettling) return
    this.#isSettling = true
    const { session } = await this.opened
    for (let quiet = 0; quiet < 2; ) {
      await new Promise(resolve => setTimeout(resolve, quietCheckMs))
      if (this.#leaving.signal.aborted) return
      const isQuiet =
        this.turns.agentsAtWork === 0 && this.turns.areOver && (await session.get()).state === 'idle'
      quiet = isQuiet ? quiet + 1 : 0
    }
    this.#end()
  }

  #end(): void {
    const { is_error } = this.#lastResult ?? {}
    this.stop(
      is_error ? new Error(`Claude Code returned an error result: ${textOf(this.#lastResult)}`) : undefined,
    )
  }

  async #interrupt(turnId: string): Promise<void> {
    const { session } = await this.opened
    // A server that cannot be reached has no way to be told.
    await session.interrupt({ turnId }, { retries: 1, timeoutMs: leaveMs }).catch(() => {})
  }

  async #remove(): Promise<void> {
    try {
      const { session } = await this.opened
      await session.end({ retries: 1, timeoutMs: leaveMs })
    } catch {
      // It was never created, or is gone already.
    }
  }
}

function textOf(result: SDKResultMessage | undefined): string {
  if (!result) return ''
  if (result.subtype === 'success') return result.result
  return result.errors
    .map(text => text.trim())
    .filter(text => text !== '')
    .join('; ')
}

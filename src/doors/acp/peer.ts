import {
  type AgentContext,
  type ClientCapabilities,
  type InitializeResponse,
  type ListSessionsRequest,
  type ListSessionsResponse,
  type LoadSessionRequest,
  type NewSessionRequest,
  type NewSessionResponse,
  PROTOCOL_VERSION,
  RequestError,
  type ResumeSessionRequest,
  type SetSessionConfigOptionResponse,
} from '@agentclientprotocol/sdk'
import type { ClaudeCodeClient, PatchSessionRequest, Session, SessionClient } from '../../client/index.ts'
import { cancelled, checkLength, invalid } from './errors.ts'
import { extension, toMeta } from './extension.ts'
import { type SessionDefaults, toMcpServers, toNewSession } from './new-session.ts'
import { OpenSession } from './open-session.ts'
import { type Choices, choicesOf, toConfigOptions, toModes } from './session-options.ts'

export interface PeerOptions {
  /** Calls the API in the name of the caller. */
  api: ClaudeCodeClient
  defaults: SessionDefaults
  logFault(error: unknown): void
}

const pageSize = 50
/** A connection follows the log of each session that it has open. */
const maxSessions = 100
/** Longer ones would not fit into the URL of a request to the API. */
const longestPath = 4_096
const longestCursor = 1_000

/** The client of one connection, and the sessions that it has open. */
export class Peer {
  readonly #options: PeerOptions
  /** Sessions that the client can use, by their ids. */
  readonly #sessions = new Map<string, OpenSession>()
  /** All sessions that are followed, also those that are being closed. */
  readonly #followed = new Set<OpenSession>()
  /** How many sessions are being opened. */
  #opening = 0
  #isClosed = false
  #capabilities: ClientCapabilities = {}

  constructor(options: PeerOptions) {
    this.#options = options
  }

  initialize(capabilities: ClientCapabilities = {}): InitializeResponse {
    this.#capabilities = capabilities
    return {
      protocolVersion: PROTOCOL_VERSION,
      agentInfo: { name: extension, title: 'Claude Code', version: '1' },
      agentCapabilities: {
        loadSession: true,
        promptCapabilities: { image: true, audio: false, embeddedContext: true },
        mcpCapabilities: { http: true, sse: true },
        sessionCapabilities: { list: {}, resume: {}, close: {}, delete: {}, additionalDirectories: {} },
      },
      authMethods: [],
    }
  }

  async create(params: NewSessionRequest, client: AgentContext): Promise<NewSessionResponse> {
    const { api, defaults } = this.#options
    let created = undefined as SessionClient | undefined
    try {
      const { open, state } = await this.#open(client, async () => {
        created = await api.createSession(await toNewSession(params, this.#capabilities, defaults, api))
        return created.get()
      })
      // The client learns the id first.
      setImmediate(() => open.follow({ isNew: true }))
      return { sessionId: open.sessionId, ...state }
    } catch (error) {
      // The client does not learn its id.
      await created?.end().catch(this.#options.logFault)
      throw error
    }
  }

  /** Opens a session that exists, and replays it if the client wants to show it. */
  async open(
    params: LoadSessionRequest | ResumeSessionRequest,
    client: AgentContext,
    replays: boolean,
  ): Promise<Omit<NewSessionResponse, 'sessionId'>> {
    const { api } = this.#options
    const { sessionId, mcpServers = [] } = params
    const { open, state } = await this.#open(client, async () => {
      const session = await api.session(sessionId).get()
      this.#checkDirectories(params, session)
      if (mcpServers.length === 0) return session
      return api.session(sessionId).update({ mcpServers: toMcpServers(mcpServers) })
    })
    try {
      if (replays) await open.replay()
      await open.inherit()
    } catch (error) {
      open.close(cancelled('the session could not be opened'))
      throw error
    }
    setImmediate(() => open.follow({ isNew: false }))
    return state
  }

  async list({ cwd, cursor }: ListSessionsRequest): Promise<ListSessionsResponse> {
    checkLength('cwd', cwd, longestPath)
    checkLength('cursor', cursor, longestCursor)
    const query = {
      limit: pageSize,
      status: 'active' as const,
      cwd: cwd ?? undefined,
      cursor: cursor ?? undefined,
    }
    const { sessions, nextCursor } = await this.#options.api.call('listSessions', { query })
    return {
      sessions: sessions.map(({ sessionId, cwd, title, lastActivity, state, preset }) => ({
        sessionId,
        cwd,
        title,
        updatedAt: lastActivity,
        ...toMeta({ state, preset }),
      })),
      ...(nextCursor !== null && { nextCursor }),
    }
  }

  /** @throws RequestError if the connection does not have the session open */
  find(sessionId: string): OpenSession {
    const found = this.#sessions.get(sessionId)
    if (!found) throw RequestError.sessionNotFound(sessionId)
    return found
  }

  async configure(sessionId: string, changes: PatchSessionRequest): Promise<SetSessionConfigOptionResponse> {
    const choices = await this.find(sessionId).change(changes)
    return { configOptions: await this.#configOptions(choices) }
  }

  /** A notification has no answer: there is nothing to cancel in a session that is not open. */
  async cancel(sessionId: string): Promise<void> {
    await this.#sessions.get(sessionId)?.cancel()
  }

  async leave(sessionId: string): Promise<Record<string, never>> {
    const open = this.find(sessionId)
    this.#forget(open)
    await open.leave()
    return {}
  }

  /** Ends the session: it leaves the list, and takes no more prompts. */
  async delete(sessionId: string): Promise<Record<string, never>> {
    const open = this.#sessions.get(sessionId)
    await this.#options.api.session(sessionId).end()
    // Its stream brings the end of its turns, and ends.
    if (open) this.#forget(open)
    return {}
  }

  /** The connection is over: nothing is followed any longer. */
  close(): void {
    this.#isClosed = true
    for (const open of this.#followed) open.close(connectionClosed())
  }

  /** Finds a session and adds it to those of the connection, if that has room for it. */
  async #open(client: AgentContext, find: () => Promise<Session>) {
    if (this.#followed.size + this.#opening >= maxSessions) {
      throw new RequestError(-32_600, `A connection can have at most ${maxSessions} sessions open`)
    }
    this.#opening++
    try {
      const session = await find()
      const state = await this.#stateOf(session)
      if (this.#isClosed) throw connectionClosed()
      return { open: this.#add(session, client), state }
    } finally {
      this.#opening--
    }
  }

  #forget(open: OpenSession): void {
    if (this.#sessions.get(open.sessionId) === open) this.#sessions.delete(open.sessionId)
  }

  #add(session: Session, client: AgentContext): OpenSession {
    const { sessionId } = session
    const { api, logFault } = this.#options
    this.#sessions.get(sessionId)?.close(cancelled('the session was opened again on this connection'))
    const open: OpenSession = new OpenSession({
      api,
      client,
      capabilities: this.#capabilities,
      session,
      logFault,
      onEnd: () => {
        this.#followed.delete(open)
        this.#forget(open)
      },
    })
    this.#followed.add(open)
    this.#sessions.set(sessionId, open)
    return open
  }

  async #stateOf(session: Session): Promise<Omit<NewSessionResponse, 'sessionId'>> {
    const choices = choicesOf(session)
    const { config, preset } = session
    return {
      modes: toModes(choices),
      configOptions: await this.#configOptions(choices),
      ...toMeta({ cwd: config.cwd, preset }),
    }
  }

  async #configOptions(choices: Choices) {
    const { models } = await this.#options.api.call('listModels')
    return toConfigOptions(choices, models)
  }

  /** The directories of a session do not change. */
  #checkDirectories(
    { cwd, additionalDirectories = [] }: LoadSessionRequest | ResumeSessionRequest,
    { config }: Session,
  ): void {
    const { defaults } = this.#options
    const isReplaced = defaults.cwd !== undefined || defaults.workspace !== undefined
    if (!isReplaced && withoutSlash(cwd) !== withoutSlash(config.cwd)) {
      throw invalid('cwd', `must be ${config.cwd}, the directory of the session`)
    }
    const known = config.additionalDirectories ?? []
    const unknown = additionalDirectories.find(directory => !known.includes(directory))
    if (unknown !== undefined) {
      throw invalid('additionalDirectories', `must be directories of the session, which ${unknown} is not`)
    }
  }
}

function connectionClosed(): RequestError {
  return cancelled('the connection is closed')
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}

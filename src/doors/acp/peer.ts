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
import type { ClaudeCodeClient, PatchSessionRequest, Session } from '../../client/index.ts'
import { invalid } from './errors.ts'
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
const mostSessions = 100

/** The client of one connection, and the sessions that it has open. */
export class Peer {
  readonly #options: PeerOptions
  readonly #sessions = new Map<string, OpenSession>()
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
    this.#refuseTooMany()
    const created = await api.createSession(await toNewSession(params, this.#capabilities, defaults, api))
    const session = await created.get()
    const state = await this.#stateOf(session)
    const open = this.#add(session, client)
    // The client learns the id first.
    setImmediate(() => open.follow({ isNew: true }))
    return { sessionId: session.sessionId, ...state }
  }

  /** Opens a session that exists, and replays it if the client wants to show it. */
  async open(
    params: LoadSessionRequest | ResumeSessionRequest,
    client: AgentContext,
    replays: boolean,
  ): Promise<Omit<NewSessionResponse, 'sessionId'>> {
    const { api } = this.#options
    const { sessionId, mcpServers = [] } = params
    this.#refuseTooMany()
    let session = await api.session(sessionId).get()
    this.#refuseOtherPlace(params, session)
    if (mcpServers.length > 0) {
      session = await api.session(sessionId).update({ mcpServers: toMcpServers(mcpServers) })
    }
    const state = await this.#stateOf(session)
    this.#drop(sessionId)
    const open = this.#add(session, client)
    try {
      if (replays) await open.replay()
      await open.inherit()
    } catch (error) {
      this.#drop(sessionId)
      throw error
    }
    setImmediate(() => open.follow({ isNew: false }))
    return state
  }

  async list({ cwd, cursor }: ListSessionsRequest): Promise<ListSessionsResponse> {
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
    this.#sessions.delete(sessionId)
    await open.leave()
    return {}
  }

  /** Ends the session: it leaves the list, and takes no more prompts. */
  async delete(sessionId: string): Promise<Record<string, never>> {
    this.#drop(sessionId)
    await this.#options.api.session(sessionId).end()
    return {}
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close()
    this.#sessions.clear()
  }

  #drop(sessionId: string): void {
    this.#sessions.get(sessionId)?.close()
    this.#sessions.delete(sessionId)
  }

  #add(session: Session, client: AgentContext): OpenSession {
    const { sessionId } = session
    const { api, logFault } = this.#options
    const open: OpenSession = new OpenSession({
      api,
      client,
      capabilities: this.#capabilities,
      session,
      logFault,
      onEnd: () => {
        if (this.#sessions.get(sessionId) === open) this.#sessions.delete(sessionId)
      },
    })
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

  #refuseTooMany(): void {
    if (this.#sessions.size < mostSessions) return
    throw new RequestError(-32_600, `A connection can have ${mostSessions} sessions open; close one`)
  }

  /** A session works where it was made. */
  #refuseOtherPlace(
    { cwd, additionalDirectories = [] }: LoadSessionRequest | ResumeSessionRequest,
    { config }: Session,
  ): void {
    const { defaults } = this.#options
    const isReplaced = defaults.cwd !== undefined || defaults.workspace !== undefined
    if (!isReplaced && withoutSlash(cwd) !== withoutSlash(config.cwd)) {
      throw invalid('cwd', `the session works in ${config.cwd}`)
    }
    const known = config.additionalDirectories ?? []
    const unknown = additionalDirectories.find(directory => !known.includes(directory))
    if (unknown !== undefined) {
      throw invalid('additionalDirectories', `the session does not work in ${unknown}, and cannot be moved`)
    }
  }
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}

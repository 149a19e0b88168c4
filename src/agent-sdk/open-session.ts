import type { Options } from '@anthropic-ai/claude-agent-sdk'
import {
  type ClaudeCodeClient,
  type CreateSessionRequest,
  isApiError,
  type PatchSessionRequest,
  type Session,
  type SessionClient,
} from '../client/index.ts'
import type { ClientHooks } from './client-hooks.ts'
import type { ClientTools } from './client-tools.ts'
import { NotSupportedError } from './errors.ts'
import { toConfiguration } from './session-configuration.ts'
import { isSame } from './tool-permissions.ts'

/** Marks the sessions of this layer, for `continue`. */
const tag = 'agent-sdk'
/** The callbacks of the SDK may take as long as they want. */
const permissionTimeoutMs = 24 * 60 * 60 * 1000

export interface OpenedSession {
  session: SessionClient
  /** The messages of the query come after this event. */
  after: number
  permissionMode: Session['config']['permissionMode']
}

interface Wanted {
  client: ClaudeCodeClient
  options: Options
  /** Fields of a new session beside those of the options. */
  fields: CreateSessionRequest
  tools: ClientTools
  hooks: ClientHooks
}

/** Fields that a session that exists can take. */
const changeable = [
  'model',
  'permissionMode',
  'maxTurns',
  'effort',
  'mcpServers',
  'promptSuggestions',
] as const
/** The names of options whose fields have other names. */
const optionNames: Readonly<Record<string, string>> = {
  permissionPrompts: 'canUseTool',
  agentEnv: 'env',
  appendSystemPrompt: 'mcpServers (instructions)',
}

/** Creates the session of a query, or finds the one that it resumes. */
export async function openSession({ client, options, fields, tools, hooks }: Wanted): Promise<OpenedSession> {
  const { disallowedTools = [], title, sessionId, forkSession } = options
  const clientTools = await tools.declare(disallowedTools)
  const clientHooks = hooks.declare()
  // Only now the servers have told their instructions.
  const configuration = toConfiguration(options, tools)
  const ofProgram = { ...(clientTools.length > 0 && { clientTools }), ...(clientHooks && { clientHooks }) }
  const resumed = options.resume ?? (options.continue ? await findNewest(client, options.cwd) : undefined)
  if (resumed === undefined) {
    const creating = client.createSession({
      // Without the option, the SDK gives Claude no system prompt; Claude Code's own is a preset.
      ...(fields.preset === undefined && { systemPrompt: '' }),
      permissionTimeoutMs,
      ...fields,
      ...configuration,
      ...ofProgram,
      ...(sessionId !== undefined && { sessionId }),
      ...(title !== undefined && { title }),
      tags: [tag, ...(fields.tags ?? [])],
    })
    const session = await creating.catch(error => {
      throw toOwnError(error, configuration)
    })
    return { session, after: 0, permissionMode: configuration.permissionMode ?? 'default' }
  }
  const source = client.session(resumed)
  const existing = await find(source)
  // An option that is refused leaves no fork behind.
  toChanges(configuration, existing)
  const session = forkSession ? await fork(client, resumed) : source
  try {
    const found = forkSession ? await find(session) : existing
    const now = found.config
    const changes = {
      // Those of an earlier program have nothing that would answer them.
      ...(now.clientTools !== undefined && { clientTools: null }),
      ...(now.clientHooks !== undefined && { clientHooks: null }),
      ...ofProgram,
      ...toChanges(configuration, found),
    }
    const { lastSequence, config } = Object.keys(changes).length > 0 ? await session.update(changes) : found
    return { session, after: lastSequence, permissionMode: config.permissionMode }
  } catch (error) {
    if (forkSession) await session.end({ retries: 1 }).catch(() => {})
    throw error
  }
}

/** The error of a variable that the server does not allow, by the name that the program knows. */
function toOwnError(error: unknown, { agentEnv = {} }: CreateSessionRequest): unknown {
  if (!isApiError(error, 'SETTING_NOT_ALLOWED') || error.details.setting !== 'agentEnv') return error
  const allowed = error.details.allowed as readonly string[]
  const refused = Object.keys(agentEnv).find(name => !allowed.includes(name))
  return new NotSupportedError(`options.env.${refused}`, error.message, { cause: error })
}

async function fork(client: ClaudeCodeClient, sessionId: string): Promise<SessionClient> {
  const forked = await client.call('forkSession', { params: { sessionId }, body: {} })
  return client.session(forked.sessionId)
}

async function find(session: SessionClient): Promise<Session> {
  const found = await session.find()
  if (!found) throw new Error(`No conversation found with session ID: ${session.id}`)
  return found
}

/** The newest session of this key that a query has made; undefined: there is none. */
async function findNewest(client: ClaudeCodeClient, cwd: string | undefined): Promise<string | undefined> {
  const { keyId } = await client.call('getCaller')
  for await (const session of client.sessions({ tag: [tag], ...(cwd !== undefined && { cwd }) })) {
    if (session.createdBy === keyId) return session.sessionId
  }
  return undefined
}

/**
 * The changes for a session that exists. Options that are left out keep its values.
 *
 * @throws NotSupportedError for an option whose value differs and which cannot change
 */
function toChanges(wanted: CreateSessionRequest, { config, costUsd }: Session): PatchSessionRequest {
  const { maxBudgetUsd, ...fields } = wanted
  const changes: Record<string, unknown> = {}
  const now = config as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(fields)) {
    if ((changeable as readonly string[]).includes(name)) {
      changes[name] = value
      continue
    }
    // A session that asks is one whose requests can be denied here.
    if (name === 'permissionPrompts' && value === 'deny') continue
    const isAsItIs =
      name === 'agentEnv' ? isSame(namesOf(value), namesOf(now[name])) : isSame(value, now[name])
    if (isAsItIs) continue
    const option = `options.${optionNames[name] ?? name}`
    throw new NotSupportedError(option, 'a session keeps what it was created with, and this one has another')
  }
  // Of the SDK it is the budget of a query, of a session that of all its turns.
  return { ...changes, ...(maxBudgetUsd !== undefined && { maxBudgetUsd: costUsd + maxBudgetUsd }) }
}

function namesOf(variables: unknown): string[] {
  return Object.keys((variables ?? {}) as object).sort()
}

import { ApiError, type ClaudeCodeClient, type Session } from '../../client/index.ts'
import {
  type AgentMetadata,
  type AgentSource,
  ownMetadata,
  resolveTools,
  type SessionAgent,
  toGivenTools,
  toSessionAgent,
} from './agent-view.ts'
import { notFound } from './errors.ts'
import { doorTag } from './event-mapper.ts'
import { fromSessionId, toSessionId } from './ids.ts'
import { SessionOutline } from './outline.ts'
import { takeBack } from './self-hosted.ts'

/** The fields that only sessions of the protocol have, kept in the metadata of ours. */
export interface SessionMetadata {
  environmentId: string
  environmentType: 'cloud' | 'self_hosted'
  metadata: Record<string, string>
  /** Parts of the agent that the session has of its own; the configuration has what is in them. */
  overrides?: { model?: true; system?: true; mcp_servers?: true; tools?: KeptTools }
  archivedAt?: string
  /** The parts of the agent that the session's configuration has not; older sessions are without it. */
  agent?: KeptAgent
}

export type KeptAgent = Pick<AgentMetadata, 'name' | 'tools'> & { description: string | null }
type KeptTools = Parameters<typeof toGivenTools>[0]

/** A session of this door, with its agent. */
export interface OpenedSession {
  id: string
  session: Session
  own: SessionMetadata
  agent: SessionAgent
  outline: SessionOutline
}

/** @throws Refusal for sessions that were not made by this door, or were deleted */
export async function openSession(api: ClaudeCodeClient, id: string): Promise<OpenedSession> {
  const sessionId = fromSessionId(id)
  const session = await api.session(sessionId).get()
  const own = readSessionMetadata(session)
  if (!own) throw notFound('session', id)
  const agent = await readAgent(api, session, own)
  const outline = new SessionOutline(agent.tools, own.environmentType === 'self_hosted')
  return { id: sessionId, session, own, agent, outline }
}

export function readSessionMetadata({
  tags,
  metadata,
}: Pick<Session, 'tags' | 'metadata'>): SessionMetadata | undefined {
  return tags.includes(doorTag) ? (metadata[ownMetadata] as SessionMetadata | undefined) : undefined
}

/** The bytes of JSON that the API takes as metadata of a session. */
const longestMetadata = 16 * 1024

/** The metadata of a session of ours. An agent with a very long list of tools is left out, and read from its preset. */
export function toApiMetadata(own: SessionMetadata, others: Session['metadata'] = {}): Session['metadata'] {
  const whole = { ...others, [ownMetadata]: own }
  if (Buffer.byteLength(JSON.stringify(whole)) <= longestMetadata) return whole
  const { agent: _, ...rest } = own
  return { ...others, [ownMetadata]: rest }
}

/** The agent as the session was made of it. */
export async function readAgent(
  api: ClaudeCodeClient,
  session: Session,
  own: SessionMetadata,
  cache = new Map<string, Promise<AgentSource>>(),
): Promise<SessionAgent> {
  const source = own.agent ? toSource(session, own, own.agent) : await readSource(api, session, own, cache)
  const agent = toSessionAgent(source)
  const { overrides = {} } = own
  const { config } = session
  const ofSession = toSessionAgent({ ...source, configuration: toConfiguration(session) })
  return {
    ...agent,
    ...(overrides.model && { model: ofSession.model }),
    ...(overrides.system && { system: ofSession.system }),
    ...(overrides.mcp_servers && { mcp_servers: ofSession.mcp_servers }),
    ...(overrides.tools && { tools: resolveTools(toGivenTools(overrides.tools, toKept(config))) }),
  }
}

function toKept({ clientTools }: Session['config']): Parameters<typeof toGivenTools>[1] {
  return clientTools ? { clientTools } : {}
}

/** The agent from what the session has of it: the same for each key that may read the session. */
function toSource(session: Session, own: SessionMetadata, agent?: KeptAgent): AgentSource {
  const { preset } = session
  const configuration = toConfiguration(session)
  return {
    name: preset?.name ?? toSessionId(session.sessionId),
    version: preset?.version ?? 1,
    description: agent?.description ?? null,
    metadata: agent ? { [ownMetadata]: { ...agent, metadata: {} } } : {},
    configuration: agent || own.environmentType === 'cloud' ? configuration : takeBack(configuration),
  }
}

/** The version that the session was made of; where it cannot be read, the session's own configuration. */
async function readSource(
  api: ClaudeCodeClient,
  session: Session,
  own: SessionMetadata,
  cache: Map<string, Promise<AgentSource>>,
): Promise<AgentSource> {
  const { preset, tenant } = session
  const instead = toSource(session, own)
  if (!preset) return instead
  const { name, version } = preset
  const key = `${tenant}/${name}@${version}`
  const reading =
    cache.get(key) ?? api.call('getPreset', { params: { preset: name }, query: { version, tenant } })
  cache.set(key, reading)
  return reading.catch((error: unknown) => {
    // It was deleted, or the key opens this session only.
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return instead
    throw error
  })
}

function toConfiguration({ config }: Session): AgentSource['configuration'] {
  const { model, appendSystemPrompt: _, maxTurns: __, ...settings } = config
  return { ...settings, ...(model !== null && { model }) }
}

import Anthropic from '@anthropic-ai/sdk'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openOnce } from '../support/lifetime.ts'
import { apiKey, openServer } from '../support/open-server.ts'

export type StreamEvent = Anthropic.Beta.Sessions.BetaManagedAgentsStreamSessionEvents
export type SessionEvent = Anthropic.Beta.Sessions.BetaManagedAgentsSessionEvent
type AgentFields = Omit<Anthropic.Beta.AgentCreateParams, 'name' | 'model'>

export const model = 'claude-opus-5-5'
export const toolset = (fields: object = {}) => ({ type: 'agent_toolset_20260401' as const, ...fields })
export const ask = { type: 'always_ask' as const }

/** The official client, of a server that all tests of a file share. */
export function shareManagedAgents() {
  return openOnce(async () => {
    const mcp = await openMcpServer()
    const server = await openServer({ doors: ['managed-agents'], allowedPrivateHosts: [mcp.host] })
    const baseURL = `${server.base}/doors/managed-agents`
    const clientOf = (key: string) => new Anthropic({ baseURL, apiKey: key })
    const client = clientOf(apiKey)
    const environment = await client.beta.environments.create({ name: 'here' })
    const { sessions } = client.beta
    const createAgent = (fields: AgentFields = {}) =>
      client.beta.agents.create({ name: 'An agent', model, ...fields })
    const createSession = async (
      agent: Anthropic.Beta.SessionCreateParams['agent'] | AgentFields = {},
      fields: Partial<Anthropic.Beta.SessionCreateParams> = {},
    ) =>
      sessions.create({
        environment_id: environment.id,
        agent: typeof agent === 'string' || 'id' in agent ? agent : (await createAgent(agent)).id,
        ...fields,
      })
    const send = (id: string, ...events: Anthropic.Beta.Sessions.EventSendParams['events']) =>
      sessions.events.send(id, { events })
    const listed = async (id: string) => {
      const events: SessionEvent[] = []
      for await (const event of sessions.events.list(id)) events.push(event)
      return events
    }
    return {
      ...server,
      mcp,
      baseURL,
      clientOf,
      client,
      environment,
      createAgent,
      createSession,
      send,
      listed,
    }
  })
}

export const message = (content: string) => ({
  type: 'user.message' as const,
  content: [{ type: 'text' as const, text: content }],
})

/** Reads a stream until the session is idle, and needs no answer. */
export async function untilDone(
  stream: AsyncIterable<StreamEvent>,
  onEvent: (event: StreamEvent) => unknown = () => {},
): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of stream) {
    events.push(event)
    await onEvent(event)
    if (event.type === 'session.status_idle' && event.stop_reason.type !== 'requires_action') return events
  }
  throw new Error(`The stream ended early: ${JSON.stringify(events)}`)
}

export function typesOf(events: readonly { type: string }[]): string[] {
  return events.map(({ type }) => type)
}

/** Events as a list has them. */
export function storedOf(events: readonly StreamEvent[]): StreamEvent[] {
  return events.filter(({ type }) => type !== 'event_start' && type !== 'event_delta')
}

export function textOf(event: { content?: readonly unknown[] } | undefined): string {
  return (event?.content ?? []).map(block => (block as { text?: string }).text ?? '').join('')
}

export function pick<Type extends StreamEvent['type']>(events: readonly StreamEvent[], type: Type) {
  return events.filter((event): event is Extract<StreamEvent, { type: Type }> => event.type === type)
}

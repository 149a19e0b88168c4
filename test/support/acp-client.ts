import {
  type ClientCapabilities,
  type CreateElicitationRequest,
  type CreateElicitationResponse,
  client,
  methods,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
  type Stream,
} from '@agentclientprotocol/sdk'
import { createHttpStream } from '@agentclientprotocol/sdk/experimental/http-client'
import { endsLater } from './lifetime.ts'
import { apiKey } from './open-server.ts'

type Asked<Request, Response> = (request: Request, signal: AbortSignal) => Response | Promise<Response>

export interface AcpHandlers {
  permission?: Asked<RequestPermissionRequest, RequestPermissionResponse>
  elicitation?: Asked<CreateElicitationRequest, CreateElicitationResponse>
  /** Answers requests of any other method. */
  other?: (method: string, params: Record<string, unknown>) => unknown
}

export interface AcpOptions {
  key?: string
  /** Of the URL. */
  query?: string
  capabilities?: ClientCapabilities
  /** Takes the place of HTTP. */
  stream?: Stream
}

/** The official client, connected to the door; its handlers can be replaced by each test. */
export async function connectAcp(base: string, options: AcpOptions = {}) {
  const { key = apiKey, query = '', capabilities = {}, stream } = options
  const url = `${base}/doors/acp${query}`
  const handlers: AcpHandlers = {}
  const updates: SessionUpdate[] = []
  const connection = client({ name: 'test' })
    .onNotification(methods.client.session.update, ({ params }) => void updates.push(params.update))
    .onRequest(methods.client.session.requestPermission, ({ params, signal }) => {
      if (!handlers.permission) throw new Error('not asked for')
      return handlers.permission(params, signal)
    })
    .onRequest(methods.client.elicitation.create, ({ params, signal }) => {
      if (!handlers.elicitation) throw new Error('not asked for')
      return handlers.elicitation(params, signal)
    })
    .onRequest('*', ({ method, params }) => {
      if (!handlers.other) throw new Error(`not asked for: ${method}`)
      return handlers.other(method, params as Record<string, unknown>)
    })
    .connect(stream ?? createHttpStream(url, { headers: { authorization: `Bearer ${key}` } }))
  endsLater(() => connection.close())
  const { agent } = connection
  const initialized = await agent.request(methods.agent.initialize, {
    protocolVersion: 1,
    clientCapabilities: capabilities,
  })
  const open = async (cwd: string, ours: Record<string, unknown> = {}) =>
    agent.request(methods.agent.session.new, {
      cwd,
      mcpServers: [],
      _meta: { 'claude-code-api': ours },
    })
  const prompt = (sessionId: string, text: string) =>
    agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: 'text', text }] })
  return { connection, agent, initialized, handlers, updates, open, prompt }
}

export type AcpClient = Awaited<ReturnType<typeof connectAcp>>

export const choosing = (optionId: string): RequestPermissionResponse => ({
  outcome: { outcome: 'selected', optionId },
})

/** The text of the chunks of one kind. */
export function textOf(
  updates: readonly SessionUpdate[],
  kind: 'agent_message_chunk' | 'agent_thought_chunk' | 'user_message_chunk' = 'agent_message_chunk',
): string {
  return updates
    .map(update =>
      update.sessionUpdate === kind && update.content.type === 'text' ? update.content.text : '',
    )
    .join('')
}

export function updatesOf<Kind extends SessionUpdate['sessionUpdate']>(
  updates: readonly SessionUpdate[],
  kind: Kind,
): Extract<SessionUpdate, { sessionUpdate: Kind }>[] {
  return updates.filter(update => update.sessionUpdate === kind) as never
}

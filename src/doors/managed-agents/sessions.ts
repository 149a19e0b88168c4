import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { ClaudeCodeClient, PatchSessionRequest, Session } from '../../client/index.ts'
import { metadata, metadataPatch, patchMetadata, tools } from './agent-schema.ts'
import { toToolSettings } from './agent-settings.ts'
import { keepTools } from './agent-view.ts'
import type { Context } from './context.ts'
import { openEnvironment } from './environments.ts'
import { invalid, Refusal, withFieldsOf } from './errors.ts'
import { doorTag } from './event-mapper.ts'
import { toSessionId } from './ids.ts'
import { openSession, type SessionMetadata, toApiMetadata } from './open-session.ts'
import { readBody } from './reading.ts'
import { checkMessages, sendMessage } from './send-events.ts'
import { initialEvents, unsupportedList } from './sent-events.ts'
import { agentOfSession, toAgentPart } from './session-agent.ts'
import { type SessionView, toSessionView } from './session-view.ts'
import { readUsage } from './usage.ts'

/** The largest budget that the API takes. */
const mostCents = 100_000_000
const title = z.string().max(500).nullish()
const budget = z.strictObject({
  type: z.literal('limit'),
  max_list_cost: z.strictObject({
    amount: z
      .string()
      .regex(/^[1-9]\d{0,15}$/, 'must be whole cents, such as "2500"')
      .refine(cents => Number(cents) <= mostCents, { message: `must be at most "${mostCents}"` }),
    currency: z.literal('USD'),
  }),
})

const createBody = z.strictObject({
  agent: agentOfSession,
  environment_id: z.string(),
  title,
  metadata: metadata.optional(),
  budget: budget.nullish(),
  initial_events: initialEvents,
  resources: unsupportedList,
  vault_ids: unsupportedList,
})
const updateBody = z.strictObject({
  title,
  metadata: metadataPatch.nullish(),
  budget: budget.nullish(),
  agent: z.strictObject({ tools: tools.optional() }).optional(),
  vault_ids: unsupportedList,
})

export async function createSession({ api, request, logFault }: Context): Promise<SessionView> {
  const body = await readBody(request, createBody)
  checkMessages(body.initial_events ?? [], 'initial_events')
  const environment = await openEnvironment({ api }, body.environment_id)
  const made = await toAgentPart(api, body.agent, environment.type)
  const own: SessionMetadata = {
    environmentId: environment.id,
    environmentType: environment.type,
    metadata: body.metadata ?? {},
    ...(made.overrides && { overrides: made.overrides }),
    agent: made.agent,
  }
  const creating = api.createSession({
    ...made.request,
    ...environment.place,
    ...(typeof body.title === 'string' && { title: body.title }),
    ...(body.budget && { maxBudgetUsd: toUsd(body.budget) }),
    tags: [doorTag],
    metadata: toApiMetadata(own),
  })
  const { id } = await creating.catch(made.named)
  try {
    for (const event of body.initial_events ?? []) await sendMessage(api, id, event)
    return await showSession(api, toSessionId(id))
  } catch (error) {
    // The client gets no id, and would make another session.
    await api.session(id).end().catch(logFault)
    throw error
  }
}

export async function getSession({ api, param }: Context): Promise<SessionView> {
  return showSession(api, param('session'))
}

export async function updateSession({ api, param, request }: Context): Promise<SessionView> {
  const patch = await readBody(request, updateBody)
  const { id, own, session, outline, agent } = await openSession(api, param('session'))
  if (own.archivedAt !== undefined) throw new Refusal(400, 'The session is archived')
  const changes: PatchSessionRequest = {}
  if (patch.title !== undefined) changes.title = patch.title
  if (patch.budget !== undefined) changes.maxBudgetUsd = patch.budget && toUsd(patch.budget)
  const next = { ...own, metadata: patchMetadata(own.metadata, patch.metadata) }
  if (patch.agent?.tools) {
    if (session.state === 'running') throw invalid('agent', 'cannot be changed while the session runs')
    if (outline.isSelfHosted) throw invalid('agent.tools', 'cannot be changed in a self_hosted environment')
    const { tools, ...others } = toToolSettings(patch.agent.tools, agent.mcp_servers, 'agent.')
    const fixed = ['tools', 'allowedTools', 'disallowedTools'] as const
    const before = session.config
    const isFixed = fixed.some(
      name => !isDeepStrictEqual([...({ tools, ...others }[name] ?? [])], [...(before[name] ?? [])]),
    )
    if (isFixed)
      throw invalid('agent.tools', 'must be as before, but for custom tools and what is asked about')
    changes.clientTools = others.clientTools
    changes.clientHooks = others.clientHooks ?? null
    next.overrides = { ...own.overrides, tools: keepTools(patch.agent.tools) }
  }
  if (!isDeepStrictEqual(next, own)) changes.metadata = toApiMetadata(next, session.metadata)
  if (Object.keys(changes).length > 0) {
    const named = withFieldsOf(patch.agent?.tools ?? [], agent.mcp_servers, 'agent.')
    await api.session(id).update(changes).catch(named)
  }
  return showSession(api, param('session'))
}

export async function archiveSession({ api, param }: Context): Promise<SessionView> {
  const { id, own, session } = await openSession(api, param('session'))
  await makeIdle(api, session)
  if (own.archivedAt === undefined) {
    const next = { ...own, archivedAt: new Date().toISOString() }
    if (session.status === 'active') {
      await api.session(id).update({ archived: true, metadata: toApiMetadata(next, session.metadata) })
      await api.session(id).end()
    } else await api.session(id).update({ archived: true })
  }
  return showSession(api, param('session'))
}

/** The session ends, and is no longer one of this door. Retention removes it. */
export async function deleteSession({
  api,
  param,
}: Context): Promise<{ id: string; type: 'session_deleted' }> {
  const { id, session } = await openSession(api, param('session'))
  await makeIdle(api, session)
  await api.session(id).update({ tags: session.tags.filter(tag => tag !== doorTag) })
  await api.session(id).end()
  return { id: toSessionId(id), type: 'session_deleted' }
}

/** A session that waits for an answer counts as idle: its turn is interrupted. */
async function makeIdle(api: ClaudeCodeClient, { sessionId, state }: Session): Promise<void> {
  if (state === 'running') throw new Refusal(400, 'The session runs: interrupt it, or wait until it is idle')
  if (state === 'requires_action') await api.session(sessionId).interrupt({ clearQueue: true })
}

async function showSession(api: ClaudeCodeClient, id: string): Promise<SessionView> {
  const opened = await openSession(api, id)
  return toSessionView(opened, (await readUsage(api, opened.id)).all)
}

function toUsd({ max_list_cost: { amount } }: z.output<typeof budget>): number {
  return Number(amount) / 100
}

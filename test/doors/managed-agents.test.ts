import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { apiKey, openServer } from '../support/open-server.ts'

type Events = Anthropic.Beta.Sessions.BetaManagedAgentsStreamSessionEvents
type Client = Anthropic

const shared = openOnce(async () => {
  const server = await openServer({ doors: ['managed-agents'] })
  const clientOf = (key: string) =>
    new Anthropic({ baseURL: `${server.base}/doors/managed-agents`, apiKey: key, maxRetries: 0 })
  const client = clientOf(apiKey)
  const environment = await client.beta.environments.create({ name: 'here' })
  const agent = await client.beta.agents.create({ name: 'Talker', model: 'claude-opus-5-5' })
  return { ...server, clientOf, client, environment, agent }
})

const message = (content: string) => ({
  type: 'user.message' as const,
  content: [{ type: 'text' as const, text: content }],
})

/** Reads a stream until the turn is over. */
async function untilIdle(stream: AsyncIterable<Events>): Promise<Events[]> {
  const events: Events[] = []
  for await (const event of stream) {
    events.push(event)
    if (event.type === 'session.status_idle' && event.stop_reason.type !== 'requires_action') return events
  }
  throw new Error('The stream ended before the turn')
}

async function startSession(client: Client, fields: Partial<Anthropic.Beta.SessionCreateParams> = {}) {
  const { environment, agent } = shared()
  return client.beta.sessions.create({ environment_id: environment.id, agent: agent.id, ...fields })
}

describe('a session', () => {
  test('answers, on a stream and in the list', async () => {
    const { client, model } = shared()
    model.script('Hello', text('Hello yourself', { fragmentSize: 5 }))
    const session = await startSession(client, { title: 'first' })
    const stream = await client.beta.sessions.events.stream(session.id, { event_deltas: ['agent.message'] })
    await client.beta.sessions.events.send(session.id, { events: [message('Hello')] })
    const events = await untilIdle(stream)
    const listed = await client.beta.sessions.events.list(session.id)
    expect(listed.data.map(({ id }) => id)).toEqual(
      events.flatMap(event => ('id' in event ? [event.id] : [])),
    )
  })
})

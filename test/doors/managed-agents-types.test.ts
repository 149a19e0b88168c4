import type Anthropic from '@anthropic-ai/sdk'
import { expectTypeOf, test } from 'vitest'
import type { Agent } from '../../src/doors/managed-agents/agent-view.ts'
import type { Page } from '../../src/doors/managed-agents/agents.ts'
import type { Environment } from '../../src/doors/managed-agents/environments.ts'
import type { PreviewEvent, UserEvent, WireEvent } from '../../src/doors/managed-agents/event-types.ts'
import type { listEvents } from '../../src/doors/managed-agents/list-events.ts'
import type { listSessions } from '../../src/doors/managed-agents/list-sessions.ts'
import type { listModels, Model } from '../../src/doors/managed-agents/models.ts'
import type { sendEvents } from '../../src/doors/managed-agents/send-events.ts'
import type { SessionView } from '../../src/doors/managed-agents/session-view.ts'
import type { deleteSession } from '../../src/doors/managed-agents/sessions.ts'

type Beta = Anthropic['beta']
type Answer<Call extends (...parameters: never[]) => Promise<unknown>> = Awaited<ReturnType<Call>>
/** The data of a page that the official client reads. */
type Item<Call extends (...parameters: never[]) => PromiseLike<{ data: unknown[] }>> = Awaited<
  ReturnType<Call>
>['data'][number]

test('responses have the types of the official client: a difference does not compile', () => {
  expectTypeOf<Agent>().toExtend<Answer<Beta['agents']['retrieve']>>()
  expectTypeOf<Page<Agent>['data'][number]>().toExtend<Item<Beta['agents']['list']>>()
  expectTypeOf<Environment>().toExtend<Answer<Beta['environments']['retrieve']>>()
  expectTypeOf<SessionView>().toExtend<Answer<Beta['sessions']['retrieve']>>()
  expectTypeOf<Answer<typeof listSessions>['data'][number]>().toExtend<Item<Beta['sessions']['list']>>()
  expectTypeOf<Answer<typeof deleteSession>>().toExtend<Answer<Beta['sessions']['delete']>>()
  expectTypeOf<Answer<typeof sendEvents>>().toExtend<Answer<Beta['sessions']['events']['send']>>()
  expectTypeOf<UserEvent>().toExtend<
    NonNullable<Answer<Beta['sessions']['events']['send']>['data']>[number]
  >()
  expectTypeOf<WireEvent>().toExtend<Item<Beta['sessions']['events']['list']>>()
  expectTypeOf<Answer<typeof listEvents>['data'][number]>().toExtend<
    Item<Beta['sessions']['events']['list']>
  >()
  type Streamed = Anthropic.Beta.Sessions.BetaManagedAgentsStreamSessionEvents
  expectTypeOf<WireEvent | PreviewEvent>().toExtend<Streamed>()
  expectTypeOf<Model>().toExtend<Answer<Anthropic['models']['retrieve']>>()
  expectTypeOf<Model>().toExtend<Answer<Beta['models']['retrieve']>>()
  expectTypeOf<Answer<typeof listModels>['data'][number]>().toExtend<Item<Anthropic['models']['list']>>()
})

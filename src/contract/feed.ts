import { z } from 'zod'
import { type EventType, eventTypes } from './events.ts'
import { booleanParameter, tenantParameter } from './primitives.ts'

/** The types for a reader that names none: all but the conversation itself. */
const defaultFeedTypes: readonly EventType[] = eventTypes.filter(type => type !== 'message')

const knownTypes: ReadonlySet<string> = new Set(eventTypes)

function isListOfTypes(text: string): boolean {
  return text.split(',').every(type => knownTypes.has(type))
}

/** The types that a list names. */
export function toEventTypes(list: string | undefined): readonly EventType[] {
  return list === undefined ? defaultFeedTypes : (list.split(',') as EventType[])
}

export const feedQuery = z.strictObject({
  after: z
    .string()
    .regex(/^(latest|\d{1,15})$/, 'must be a position or "latest"')
    .optional()
    .meta({
      description:
        'Begin after this position, the `id:` of an event; default: with the oldest event; `latest`: with the next one',
    }),
  types: z
    .string()
    .refine(isListOfTypes, `must be types of events with commas between them: ${eventTypes.join(', ')}`)
    .optional()
    .meta({
      description:
        'Only events of these types, with commas between them. Default: all but `message`; the messages of one session are in its own stream',
    }),
  follow: booleanParameter
    .default(true)
    .meta({ description: 'false: the stream ends with `caught_up`, once everything stored has been sent' }),
  tenant: tenantParameter,
  ticket: z.string().min(1).max(4_000).optional().meta({
    description:
      'In place of a key, for browsers that cannot send headers: from `POST /tickets`, without `sessionId`. It works once; after a broken connection, take a new one and pass `after`',
  }),
})

export const feedHeaders = z.strictObject({
  'Last-Event-ID': z
    .string()
    .regex(/^\d{0,15}$/, 'must be a position')
    .optional()
    .meta({
      description:
        'The last `id:` that the client has received: the stream continues after it; overrides `after`',
    }),
})

const position = z.int().min(0)

export const feedGap = z
  .strictObject({
    from: z.int().min(1).meta({ description: 'The first position of the range' }),
    to: z.int().min(1).meta({ description: 'The last position of the range' }),
  })
  .meta({
    id: 'FeedGap',
    description:
      'Events of this range of positions are missing: retention has removed them with their sessions, or the store was restored from a backup. Those that are left still come',
  })

export const feedCaughtUp = z
  .strictObject({ position: position.meta({ description: 'The position of the last stored event' }) })
  .meta({
    id: 'FeedCaughtUp',
    description: 'Everything up to this position has been sent; what follows is live. It is also the `id:`',
  })

export const feedClosing = z
  .strictObject({})
  .meta({ id: 'FeedClosing', description: 'The server is shutting down, or the key is no longer valid' })

export type FeedGap = z.infer<typeof feedGap>
export type FeedCaughtUp = z.infer<typeof feedCaughtUp>

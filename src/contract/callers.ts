import { z } from 'zod'
import { idParameter, tenantName, timestamp } from './primitives.ts'
import { scope } from './scopes.ts'

export const callerResponse = z
  .strictObject({
    keyId: z.string().meta({
      description:
        'The part of the key that is public, or an id of the user: `createdBy` and logs have it. `anonymous`: no key was needed',
    }),
    name: z.string().nullable().meta({ description: 'The name of the key or user, for people' }),
    tenant: tenantName.meta({ description: 'The tenant whose objects it sees' }),
    scopes: z.array(scope).meta({ description: 'What it may do' }),
    sessionId: z
      .string()
      .nullable()
      .meta({ description: 'The only session that it opens; null: all of the tenant' }),
    administersServer: z
      .boolean()
      .meta({ description: 'Whether it sees all tenants, as keys of the configuration do' }),
    expiresAt: timestamp.nullable().meta({ description: 'When it stops being valid; null: never' }),
  })
  .meta({ id: 'Caller', description: 'The sender of the request, as the server knows it' })

export const createTicketRequest = z
  .strictObject({
    sessionId: idParameter.optional().meta({
      description:
        'The only session that the ticket opens; it does not open `GET /events` then. Default: all that the caller can see',
    }),
  })
  .meta({ id: 'CreateTicketRequest' })

export const ticket = z
  .strictObject({
    ticket: z.string().meta({
      description:
        'The value for `ticket` in the query of `GET /sessions/:id/events` or `GET /events`; works once',
    }),
    expiresAt: timestamp.meta({ description: 'Until when it can be redeemed: for 30 seconds' }),
  })
  .meta({ id: 'Ticket' })

export type CallerResponse = z.infer<typeof callerResponse>
export type Ticket = z.infer<typeof ticket>

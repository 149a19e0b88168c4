import { callerResponse, createTicketRequest, ticket } from '../callers.ts'
import { defaults, type Operation } from '../operation.ts'

export const callersOperations = {
  getCaller: {
    ...defaults,
    method: 'get',
    path: '/caller',
    tag: 'Keys',
    summary: 'See what the key or token of this request may do',
    success: [{ status: 200, description: 'The caller', schema: callerResponse }],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  createTicket: {
    ...defaults,
    method: 'post',
    path: '/tickets',
    scopes: ['sessions:read'],
    keyOnly: true,
    tag: 'Keys',
    summary: 'Create a ticket with which a browser opens one event stream without a key',
    body: createTicketRequest,
    bodyOptional: true,
    success: [{ status: 201, description: 'The ticket; it is shown once', schema: ticket }],
    errors: ['SESSION_NOT_FOUND'],
    audit: { action: 'ticket.create', when: 'answer', fields: ['sessionId'] },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>

import type { DoorOperation } from '../../contract/doors.ts'

const writes = { scopes: ['sessions:write'], reach: 'tenant' } as const
const reads = { scopes: ['sessions:read'], reach: 'tenant' } as const
const lists = { scopes: ['sessions:read', 'sessions:write'], reach: 'tenant' } as const

export const operations = {
  listModels: { method: 'get', path: '/v1/models', summary: 'List models and presets', ...lists },
  getModel: { method: 'get', path: '/v1/models/:model', summary: 'Get a model or preset', ...lists },
  createChatCompletion: {
    method: 'post',
    path: '/v1/chat/completions',
    summary: 'Answer the last message of a conversation',
    ...writes,
  },
  createResponse: { method: 'post', path: '/v1/responses', summary: 'Create a response', ...writes },
  getResponse: {
    method: 'get',
    path: '/v1/responses/:response',
    summary: 'Get a response, or resume its stream',
    ...reads,
  },
  cancelResponse: {
    method: 'post',
    path: '/v1/responses/:response/cancel',
    summary: 'Interrupt the turn of a response',
    ...writes,
  },
} as const satisfies Record<string, DoorOperation>

export type OperationId = keyof typeof operations

import { z } from 'zod'
import { defaults, type Operation } from '../operation.ts'
import { healthResponse, listModelsResponse } from '../system.ts'

export const systemOperations = {
  listModels: {
    ...defaults,
    method: 'get',
    path: '/models',
    tag: 'System',
    summary: 'Models that a session can ask for',
    success: [{ status: 200, description: 'What Claude Code reports', schema: listModelsResponse }],
    errors: [],
    fault: 'INTERNAL',
  },
  getHealth: {
    ...defaults,
    auth: 'none',
    method: 'get',
    path: '/health',
    tag: 'System',
    summary: 'Whether the server can do its work',
    success: [
      { status: 200, description: '`healthy` or `degraded`', schema: healthResponse },
      { status: 503, description: '`unhealthy`', schema: healthResponse },
    ],
    errors: [],
    fault: 'INTERNAL',
  },
  getOpenApi: {
    ...defaults,
    method: 'get',
    path: '/openapi.json',
    tag: 'System',
    summary: 'This API as an OpenAPI 3.1 document',
    success: [{ status: 200, description: 'The document', schema: z.record(z.string(), z.unknown()) }],
    errors: [],
    fault: 'INTERNAL',
  },
  getDocs: {
    ...defaults,
    method: 'get',
    path: '/docs',
    tag: 'System',
    summary: 'This API as a page to read; a browser may send the key as the password of HTTP Basic',
    success: [{ status: 200, description: 'The page', contentType: 'text/html' }],
    errors: [],
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>

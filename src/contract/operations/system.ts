import { z } from 'zod'
import { defaults, type Operation } from '../operation.ts'
import { healthResponse, listModelsResponse, readinessResponse } from '../system.ts'

export const systemOperations = {
  listModels: {
    ...defaults,
    method: 'get',
    path: '/models',
    tag: 'System',
    summary: 'List the models that a session can use',
    success: [{ status: 200, description: 'The list that Claude Code reports', schema: listModelsResponse }],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getHealth: {
    ...defaults,
    auth: 'none',
    method: 'get',
    path: '/health',
    tag: 'System',
    summary: 'Check the health of the server; without a key of the configuration, the status only',
    success: [
      { status: 200, description: '`healthy` or `degraded`', schema: healthResponse },
      { status: 503, description: '`unhealthy`', schema: healthResponse },
    ],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getReadiness: {
    ...defaults,
    auth: 'none',
    method: 'get',
    path: '/ready',
    tag: 'System',
    summary: 'Check whether the server takes requests; without a key of the configuration, the status only',
    success: [
      { status: 200, description: '`ready`', schema: readinessResponse },
      { status: 503, description: 'Not ready: send no requests here', schema: readinessResponse },
    ],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getMetrics: {
    ...defaults,
    method: 'get',
    path: '/metrics',
    scopes: ['admin'],
    reach: 'server',
    tag: 'System',
    summary:
      'Get the metrics of the server for Prometheus; keys of `metrics.apiKeys` open this and nothing else',
    success: [{ status: 200, description: 'The text format of Prometheus', contentType: 'text/plain' }],
    errors: [],
    audit: { action: 'metrics.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getOpenApi: {
    ...defaults,
    method: 'get',
    path: '/openapi.json',
    tag: 'System',
    summary: 'Get the OpenAPI 3.1 document of this API',
    success: [{ status: 200, description: 'The document', schema: z.record(z.string(), z.unknown()) }],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getDocs: {
    ...defaults,
    method: 'get',
    path: '/docs',
    tag: 'System',
    summary: 'Get this API as an HTML page; browsers can send the key as the password of HTTP Basic',
    success: [{ status: 200, description: 'The page', contentType: 'text/html' }],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getReference: {
    ...defaults,
    method: 'get',
    path: '/reference',
    tag: 'System',
    summary: 'Get this API as an HTML page with forms to try it; needs scripts',
    success: [{ status: 200, description: 'The page', contentType: 'text/html' }],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
  getReferenceScript: {
    ...defaults,
    method: 'get',
    path: '/reference/scalar.js',
    tag: 'System',
    summary: 'Get the script of the page at `/reference`',
    headers: z.strictObject({
      'If-None-Match': z
        .string()
        .max(8192)
        .optional()
        .meta({ description: "ETags: 304 if the script's ETag is among them" }),
      'Accept-Encoding': z
        .string()
        .max(1000)
        .optional()
        .meta({ description: 'With `gzip`, the script is sent compressed' }),
    }),
    success: [
      { status: 200, description: 'The script', contentType: 'text/javascript' },
      { status: 304, description: 'Not changed' },
    ],
    errors: [],
    audit: { action: 'server.read', when: 'refusal' },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>

import { z } from 'zod'
import { effort } from './agent-definitions.ts'
import { errorCodes, failureReasons } from './errors.ts'
import { timestamp } from './primitives.ts'
import { retryAdvice } from './retry.ts'

export const modelInfo = z
  .strictObject({
    id: z.string().meta({ description: 'The value for `model` of a session' }),
    name: z.string(),
    description: z.string().optional(),
    resolvedModel: z.string().optional().meta({ description: 'The model that an alias stands for' }),
    effortLevels: z
      .array(effort)
      .optional()
      .meta({ description: 'The values that `effort` takes; empty: none' }),
    adaptiveThinking: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the model decides how much to think' }),
    thinkingOff: z.boolean().optional().meta({ description: 'Whether thinking can be turned off' }),
  })
  .meta({ id: 'ModelInfo' })

export const listModelsResponse = z
  .strictObject({ models: z.array(modelInfo) })
  .meta({ id: 'ListModelsResponse' })

export const healthResponse = z
  .strictObject({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    timestamp,
    sessions: z.strictObject({ active: z.int().min(0), total: z.int().min(0) }),
    version: z.string(),
    uptimeMs: z.int().min(0),
    checks: z.strictObject({
      store: z.strictObject({ status: z.enum(['ok', 'failed']), message: z.string().optional() }),
      claude: z.strictObject({
        status: z.enum(['ok', 'unknown', 'unavailable']),
        version: z.string().optional(),
        reason: z.enum(failureReasons).optional(),
        message: z.string().optional(),
      }),
    }),
  })
  .meta({ id: 'HealthResponse' })

export const errorResponse = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(errorCodes as [string, ...string[]]),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
      ...retryAdvice,
    }),
    timestamp,
    requestId: z.string(),
  })
  .meta({ id: 'ErrorResponse' })

export type ModelInfo = z.infer<typeof modelInfo>
export type ListModelsResponse = z.infer<typeof listModelsResponse>
export type HealthResponse = z.infer<typeof healthResponse>
/** The body of every error response. */
export type ErrorResponse = z.infer<typeof errorResponse>

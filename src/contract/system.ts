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

/** How old the result of a check is. */
const ageMs = z.int().min(0).optional().meta({ description: 'Milliseconds since this was checked' })
const storeCheck = z.strictObject({
  status: z.enum(['ok', 'failed']).meta({ description: 'Whether the store can be read and written' }),
  message: z.string().optional(),
  ageMs,
})
const withKey = 'Only with a valid key'

export const healthResponse = z
  .strictObject({
    status: z.enum(['healthy', 'degraded', 'unhealthy']).meta({
      description:
        '`degraded`: Claude Code cannot work; `unhealthy`: the store fails, or the server shuts down',
    }),
    timestamp: timestamp.optional().meta({ description: withKey }),
    sessions: z
      .strictObject({ active: z.int().min(0), total: z.int().min(0) })
      .optional()
      .meta({ description: withKey }),
    version: z.string().optional().meta({ description: withKey }),
    uptimeMs: z.int().min(0).optional().meta({ description: withKey }),
    checks: z
      .strictObject({
        store: storeCheck,
        claude: z.strictObject({
          status: z.enum(['ok', 'unknown', 'unavailable']),
          version: z.string().optional(),
          reason: z.enum(failureReasons).optional(),
          message: z.string().optional(),
          ageMs,
        }),
      })
      .optional()
      .meta({ description: withKey }),
  })
  .meta({ id: 'HealthResponse' })

export const readinessResponse = z
  .strictObject({
    status: z.enum(['ready', 'starting', 'draining', 'store_unavailable']).meta({
      description:
        '`starting`: the store is being opened; `draining`: the server shuts down; `store_unavailable`: the store cannot be written',
    }),
    timestamp: timestamp.optional().meta({ description: withKey }),
    checks: z.strictObject({ store: storeCheck }).optional().meta({ description: withKey }),
  })
  .meta({ id: 'ReadinessResponse' })

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
export type ReadinessResponse = z.infer<typeof readinessResponse>
/** The body of every error response. */
export type ErrorResponse = z.infer<typeof errorResponse>

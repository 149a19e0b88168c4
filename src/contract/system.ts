import { z } from 'zod'
import { effort } from './agent-definitions.ts'
import { errorCodes, failureReasons } from './errors.ts'
import { timestamp } from './primitives.ts'
import { retryAdvice } from './retry.ts'

export const modelInfo = z
  .strictObject({
    id: z.string().meta({ description: 'The value for `model` of a session' }),
    name: z.string().meta({ description: 'Name for people' }),
    description: z.string().optional().meta({ description: 'Description for people' }),
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
  .meta({ id: 'ModelInfo', description: 'A model that a session can use' })

export const listModelsResponse = z
  .strictObject({
    models: z.array(modelInfo).meta({ description: 'The models; empty until Claude Code has reported them' }),
  })
  .meta({ id: 'ListModelsResponse' })

/** How old the result of a check is. */
const ageMs = z.int().min(0).optional().meta({ description: 'Milliseconds since this was checked' })
const storeCheck = z.strictObject({
  status: z.enum(['ok', 'failed']).meta({ description: 'Whether the store can be read and written' }),
  message: z.string().optional().meta({ description: 'What is wrong, for people' }),
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
      .strictObject({
        active: z.int().min(0).meta({ description: 'Sessions that take prompts' }),
        total: z.int().min(0).meta({ description: 'All stored sessions' }),
      })
      .optional()
      .meta({ description: withKey }),
    version: z.string().optional().meta({ description: withKey }),
    uptimeMs: z.int().min(0).optional().meta({ description: withKey }),
    isolation: z
      .strictObject({
        level: z.enum(['none', 'process']).meta({
          description: '`process`: Claude Code runs in a box; `none`: with the rights of the server',
        }),
        missingBounds: z
          .array(z.enum(['memory', 'processes']))
          .meta({ description: 'Limits of a box that this machine cannot keep' }),
      })
      .optional()
      .meta({ description: `The isolation of Claude Code in force. ${withKey}` }),
    checks: z
      .strictObject({
        store: storeCheck.meta({ description: 'The database' }),
        claude: z
          .strictObject({
            status: z
              .enum(['ok', 'unknown', 'unavailable'])
              .meta({ description: '`unknown`: not checked yet' }),
            version: z.string().optional().meta({ description: 'Version of Claude Code' }),
            reason: z.enum(failureReasons).optional().meta({ description: 'Why it is not available' }),
            message: z.string().optional().meta({ description: 'What is wrong, for people' }),
            ageMs,
          })
          .meta({ description: 'Claude Code' }),
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
    checks: z
      .strictObject({ store: storeCheck.meta({ description: 'The database' }) })
      .optional()
      .meta({ description: withKey }),
  })
  .meta({ id: 'ReadinessResponse' })

export const errorResponse = z
  .strictObject({
    error: z
      .strictObject({
        code: z
          .enum(errorCodes as [string, ...string[]])
          .meta({ description: 'The error code, for programs' }),
        message: z.string().meta({ description: 'A text for people; may change' }),
        details: z
          .record(z.string(), z.unknown())
          .optional()
          .meta({ description: 'Facts about the error; docs/errors.md lists them by code' }),
        ...retryAdvice,
      })
      .meta({ description: 'The error' }),
    timestamp,
    requestId: z
      .string()
      .meta({ description: 'Id of the request; also in the header `X-Request-ID` and in the log' }),
  })
  .meta({ id: 'ErrorResponse', description: 'The body of every error response' })

export type ModelInfo = z.infer<typeof modelInfo>
export type ListModelsResponse = z.infer<typeof listModelsResponse>
export type HealthResponse = z.infer<typeof healthResponse>
export type ReadinessResponse = z.infer<typeof readinessResponse>
/** The body of every error response. */
export type ErrorResponse = z.infer<typeof errorResponse>

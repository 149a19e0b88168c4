import { z } from 'zod'
import { permissionMode } from './permission-mode.ts'
import { toolRules } from './tool-rules.ts'

export const effort = z
  .enum(['low', 'medium', 'high', 'xhigh', 'max'])
  .meta({ id: 'Effort', description: 'How much Claude thinks and does for an answer (SDK option `effort`)' })

/** `plugin:skill`, or the name of the skill's directory. */
export const skillName = z
  .string()
  .max(200)
  .regex(/^[\w-]+(?:[.:][\w-]+)*$/, 'is no name of a skill')

export const modelName = z
  .string()
  .max(200)
  .regex(/^[^\s,]+$/, 'must be one model')

const agentDefinition = z
  .strictObject({
    description: z.string().min(1).max(10_000).meta({ description: 'When Claude is to use it' }),
    prompt: z.string().min(1).max(200_000).meta({ description: 'Its system prompt' }),
    tools: toolRules.optional().meta({ description: 'All that it has; absent: those of the session' }),
    disallowedTools: toolRules.optional(),
    model: modelName.optional().meta({ description: 'Model id, alias, or `inherit`' }),
    effort: effort.optional(),
    permissionMode: permissionMode.optional(),
    skills: z.array(skillName).max(100).optional().meta({ description: 'Skills that it begins with' }),
    mcpServers: z
      .array(z.string().min(1).max(64))
      .max(50)
      .optional()
      .meta({ description: "Names of the session's `mcpServers`" }),
    maxTurns: z.int().min(1).max(1000).optional(),
    background: z.boolean().optional().meta({ description: 'Whether it always runs in the background' }),
  })
  .meta({ id: 'AgentDefinition', description: 'A subagent (SDK option `agents`)' })

/** By name, as Claude calls them. */
export const agentDefinitions = z
  .record(z.string().regex(/^[A-Za-z][\w-]{0,63}$/, 'is no name of an agent'), agentDefinition)
  .refine(all => Object.keys(all).length <= 100, { message: 'must be at most 100' })
  .refine(all => Buffer.byteLength(JSON.stringify(all)) <= 1024 * 1024, {
    message: 'must be at most 1048576 bytes as JSON',
  })

export type AgentDefinitions = z.infer<typeof agentDefinitions>

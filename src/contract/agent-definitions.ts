import { z } from 'zod'
import { permissionMode } from './permission-mode.ts'
import { toolRules } from './tool-rules.ts'

export const effort = z
  .enum(['low', 'medium', 'high', 'xhigh', 'max'])
  .meta({ id: 'Effort', description: 'How much effort Claude puts into an answer (SDK option `effort`)' })

/** `plugin:skill`, or the name of the skill's directory. */
export const skillName = z
  .string()
  .max(200)
  .regex(/^[\w-]+(?:[.:][\w-]+)*$/, 'must be the name of a skill, such as review or plugin:review')

export const modelName = z
  .string()
  .max(200)
  .regex(/^[^\s,]+$/, 'must be a single model')

const agentDefinition = z
  .strictObject({
    description: z.string().min(1).max(10_000).meta({ description: 'When Claude should use the subagent' }),
    prompt: z.string().min(1).max(200_000).meta({ description: "The subagent's system prompt" }),
    tools: toolRules.optional().meta({ description: "The subagent's tools; absent: the session's tools" }),
    disallowedTools: toolRules
      .optional()
      .meta({ description: 'Tools or rules that are denied to the subagent' }),
    model: modelName.optional().meta({ description: 'Model id, alias, or `inherit`' }),
    effort: effort.optional(),
    permissionMode: permissionMode.optional(),
    skills: z
      .array(skillName)
      .max(100)
      .optional()
      .meta({ description: 'Skills that the subagent starts with' }),
    mcpServers: z
      .array(z.string().min(1).max(64))
      .max(50)
      .optional()
      .meta({ description: "Names of the session's `mcpServers`" }),
    maxTurns: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Agentic turns that the subagent may take; absent: unlimited' }),
    background: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the subagent always runs in the background' }),
  })
  .meta({ id: 'AgentDefinition', description: 'A subagent (SDK option `agents`)' })

/** Subagents by the name that Claude calls them. */
export const agentDefinitions = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z][\w-]{0,63}$/,
        'must be the name of an agent: a letter, then letters, digits, - and _',
      ),
    agentDefinition,
  )
  .refine(all => Object.keys(all).length <= 100, { message: 'must have at most 100 entries' })
  .refine(all => Buffer.byteLength(JSON.stringify(all)) <= 1024 * 1024, {
    message: 'must be at most 1048576 bytes as JSON',
  })

export type AgentDefinitions = z.infer<typeof agentDefinitions>

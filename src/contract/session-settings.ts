import { z } from 'zod'
import { agentDefinitions, effort, modelName, skillName } from './agent-definitions.ts'
import { environmentVariables, mcpServers, redacted } from './mcp-servers.ts'
import { outputFormat } from './output-format.ts'
import { allowingRules, toolNames, toolRules } from './tool-rules.ts'

const permissionPrompts = z.enum(['deny', 'ask']).meta({
  description:
    'Who answers what Claude Code may not do by itself: `deny` refuses it at once, `ask` waits for an answer to the permission request (SDK option `permissionPrompts`)',
})
const permissionTimeoutMs = z
  .int()
  .min(1_000)
  .max(30 * 24 * 60 * 60 * 1000)
  .meta({
    description:
      'How long a permission request waits for an answer before it is denied, in milliseconds. Counts while `permissionPrompts` is `ask`',
  })

const promptText = z.string().min(1).max(200_000)
const systemPrompt = z
  .union([
    promptText,
    z.strictObject({
      type: z.literal('preset'),
      preset: z.literal('claude_code'),
      append: promptText.optional(),
      excludeDynamicSections: z.boolean().optional().meta({
        description:
          'Whether what differs from user to user is left to the first message, so that more is cached',
      }),
    }),
  ])
  .meta({
    description:
      "An own text in place of Claude Code's, or Claude Code's with an appendix; `appendSystemPrompt` comes behind either (SDK option `systemPrompt`)",
  })

const directory = z.string().min(1).max(4096)
export const settingSource = z.enum(['user', 'project', 'local']).meta({ id: 'SettingSource' })

const thinking = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('adaptive') }),
    z.strictObject({
      type: z.literal('enabled'),
      budgetTokens: z.int().min(1_024).max(31_999).meta({
        description: 'For models that do not decide for themselves how much to think',
      }),
    }),
    z.strictObject({ type: z.literal('disabled') }),
  ])
  .meta({ id: 'Thinking', description: 'Whether Claude thinks before it answers (SDK option `thinking`)' })

const maxBudgetUsd = z.number().positive().max(1_000_000).meta({
  description:
    'What all turns of the session may cost together, in US dollars by the estimate of Claude Code. The turn that reaches it ends with `stopReason: "budget"`, later ones are refused with `BUDGET_EXCEEDED`',
})

/** How a session is set up beyond what every session says; in the order in which they are shown. */
export const sessionSettings = z
  .strictObject({
    permissionPrompts: permissionPrompts.default('deny'),
    permissionTimeoutMs: permissionTimeoutMs.default(60 * 60 * 1000),
    systemPrompt: systemPrompt.optional(),
    tools: toolNames.optional().meta({
      description:
        'The built-in tools that Claude has; absent: those that Claude Code gives it (SDK option `tools`)',
    }),
    allowedTools: allowingRules.optional().meta({
      description:
        'What is allowed without asking: tools, or rules such as `Bash(git *)` (SDK option `allowedTools`)',
    }),
    disallowedTools: toolRules.optional().meta({
      description: 'What Claude must not use: tools, or rules (SDK option `disallowedTools`)',
    }),
    additionalDirectories: z.array(directory).max(50).optional().meta({
      description:
        'Further directories that Claude may work in, inside the allowed roots; shown as real paths (SDK option `additionalDirectories`)',
    }),
    mcpServers: mcpServers.optional().meta({ description: 'MCP servers by name (SDK option `mcpServers`)' }),
    agents: agentDefinitions.optional().meta({ description: 'Subagents by name (SDK option `agents`)' }),
    skills: z
      .union([z.literal('all'), z.array(skillName).max(100)])
      .optional()
      .meta({ description: 'The skills that Claude is told of; absent: all of them (SDK option `skills`)' }),
    settingSources: z.array(settingSource).max(3).optional().meta({
      description:
        'Whose settings files take effect, of those that the server allows: `project` and `local` only in directories that its owner trusts. Absent: none, but the instructions of the directories as text (`CLAUDE.md`, agents, skills, commands); `[]`: nothing at all (SDK option `settingSources`)',
    }),
    effort: effort.optional(),
    thinking: thinking.optional(),
    fallbackModel: modelName
      .optional()
      .meta({ description: 'Takes over while the model is overloaded (SDK option `fallbackModel`)' }),
    maxBudgetUsd: maxBudgetUsd.optional(),
    outputFormat: outputFormat.optional(),
    agentEnv: environmentVariables.optional().meta({
      description: `Variables for Claude Code's process, of those that the server allows. Values can be written only: they are shown as \`${redacted}\``,
    }),
  })
  .meta({ id: 'SessionSettings' })

/** The settings that can be changed later; null takes one away. */
export const changeableSettings = {
  effort: effort.nullable().optional().meta({ description: 'From the next turn; null: the default' }),
  mcpServers: mcpServers
    .nullable()
    .optional()
    .meta({ description: 'All of them, with their secrets; from the next turn; null: none' }),
  maxBudgetUsd: maxBudgetUsd
    .nullable()
    .optional()
    .meta({ description: 'From the next turn; null: no limit' }),
}

export type SettingSource = z.infer<typeof settingSource>
export type SessionSettings = z.infer<typeof sessionSettings>

const names = Object.keys(sessionSettings.shape) as (keyof SessionSettings)[]

/** The settings among the fields of a request that has been checked; those that are absent stay so. */
export function pickSettings(request: SessionSettings): SessionSettings {
  const given = names.filter(name => request[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, request[name]])) as SessionSettings
}

export const defaultSettings: SessionSettings = sessionSettings.parse({})

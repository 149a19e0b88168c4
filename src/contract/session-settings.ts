import { z } from 'zod'
import { agentDefinitions, effort, modelName, skillName } from './agent-definitions.ts'
import { clientHooks, clientTools } from './client-requests.ts'
import { environmentVariables, mcpServers, redacted } from './mcp-servers.ts'
import { outputFormat } from './output-format.ts'
import { allowingRules, toolNames, toolRules } from './tool-rules.ts'

const permissionPrompts = z.enum(['deny', 'ask']).meta({
  description:
    'What happens when Claude Code needs permission: `deny` refuses at once, `ask` waits for an answer to the permission request (SDK option `permissionPrompts`)',
})
const permissionTimeoutMs = z
  .int()
  .min(1_000)
  .max(30 * 24 * 60 * 60 * 1000)
  .meta({
    description:
      'Milliseconds after which an unanswered permission request is denied. Applies while `permissionPrompts` is `ask`',
  })

const promptText = z.string().min(1).max(200_000)
const systemPrompt = z
  .union([
    z.string().max(200_000),
    z.strictObject({
      type: z.literal('preset'),
      preset: z.literal('claude_code'),
      append: promptText.optional().meta({ description: 'Text that is added to the system prompt' }),
      excludeDynamicSections: z.boolean().optional().meta({
        description:
          'Whether user-specific parts move to the first message, so that more of the prompt is cached',
      }),
    }),
  ])
  .meta({
    description:
      "Your own text (empty: none), or Claude Code's system prompt with an appendix; `appendSystemPrompt` is added to either (SDK option `systemPrompt`)",
  })

const directory = z.string().min(1).max(4096)
export const settingSource = z.enum(['user', 'project', 'local']).meta({
  id: 'SettingSource',
  description:
    'A settings file of Claude Code: of the user, of the project, or local to this copy of the project',
})

const thinking = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('adaptive') }),
    z.strictObject({
      type: z.literal('enabled'),
      budgetTokens: z.int().min(1_024).max(31_999).meta({
        description: 'For models that do not decide on their own how much to think',
      }),
    }),
    z.strictObject({ type: z.literal('disabled') }),
  ])
  .meta({ id: 'Thinking', description: 'Whether Claude thinks before it answers (SDK option `thinking`)' })

const maxBudgetUsd = z.number().positive().max(1_000_000).meta({
  description:
    'What all turns of the session may cost together, in US dollars as estimated by Claude Code. The turn that reaches the limit ends with `stopReason: "budget"`; later turns are refused with `BUDGET_EXCEEDED`',
})

const promptSuggestions = z.boolean().meta({
  description:
    'Whether Claude Code suggests the next prompt after a turn: the event `suggestion` of streams with deltas. Each suggestion is a request to the model, mostly from its cache, and counts with the next turn. Absent: false (SDK option `promptSuggestions`)',
})

const titles = z.enum(['claude', 'off']).meta({
  description:
    'Whether Claude Code gives the session a title: `claude` asks for one after a completed turn, as long as the session has none. Each title is a short request to the model, and counts with the next turn. Absent: `off`',
})

/** The optional settings of a session, in the order in which they are shown. */
export const sessionSettings = z
  .strictObject({
    permissionPrompts: permissionPrompts.default('deny'),
    permissionTimeoutMs: permissionTimeoutMs.default(60 * 60 * 1000),
    systemPrompt: systemPrompt.optional(),
    tools: toolNames.optional().meta({
      description: "The built-in tools that Claude has; absent: Claude Code's default (SDK option `tools`)",
    }),
    allowedTools: allowingRules.optional().meta({
      description:
        'Tools, or rules such as `Bash(git *)`, that are allowed without asking (SDK option `allowedTools`)',
    }),
    disallowedTools: toolRules.optional().meta({
      description: 'Tools or rules that are denied (SDK option `disallowedTools`)',
    }),
    additionalDirectories: z.array(directory).max(50).optional().meta({
      description:
        'More directories that Claude may work in, inside the allowed roots; shown with symbolic links resolved (SDK option `additionalDirectories`)',
    }),
    mcpServers: mcpServers.optional().meta({ description: 'MCP servers by name (SDK option `mcpServers`)' }),
    clientTools: clientTools.optional().meta({ description: 'Tools that the caller answers' }),
    clientHooks: clientHooks.optional(),
    agents: agentDefinitions.optional().meta({ description: 'Subagents by name (SDK option `agents`)' }),
    skills: z
      .union([z.literal('all'), z.array(skillName).max(100)])
      .optional()
      .meta({ description: 'The skills that Claude is told about; absent: all (SDK option `skills`)' }),
    settingSources: z.array(settingSource).max(3).optional().meta({
      description:
        "Settings files that take effect, as far as the server allows them; `project` and `local` only in directories that the server's owner trusts. Absent: no settings, only the instructions of the directories as text (`CLAUDE.md`, agents, skills, commands); `[]`: nothing at all (SDK option `settingSources`)",
    }),
    effort: effort.optional(),
    thinking: thinking.optional(),
    fallbackModel: modelName.optional().meta({
      description: 'The model that takes over while the model is overloaded (SDK option `fallbackModel`)',
    }),
    maxBudgetUsd: maxBudgetUsd.optional(),
    promptSuggestions: promptSuggestions.optional(),
    titles: titles.optional(),
    outputFormat: outputFormat.optional(),
    agentEnv: environmentVariables.optional().meta({
      description: `Environment variables for the Claude Code process, as far as the server allows them. Values are write-only: they are shown as \`${redacted}\``,
    }),
  })
  .meta({ id: 'SessionSettings' })

/** The settings as a request has them: what it leaves out may come from a preset, so no default is filled in. */
export const requestedSettings = {
  ...sessionSettings.shape,
  permissionPrompts: permissionPrompts.optional().meta({ default: 'deny' }),
  permissionTimeoutMs: permissionTimeoutMs.optional().meta({ default: 60 * 60 * 1000 }),
}

/** The settings that can be changed later; null removes one. */
export const changeableSettings = {
  effort: effort.nullable().optional().meta({ description: 'Applies from the next turn; null: the default' }),
  mcpServers: mcpServers
    .nullable()
    .optional()
    .meta({ description: 'All MCP servers, with their secrets; applies from the next turn; null: none' }),
  clientTools: clientTools
    .nullable()
    .optional()
    .meta({ description: 'All tools that the caller answers; applies from the next turn; null: none' }),
  clientHooks: clientHooks
    .nullable()
    .optional()
    .meta({ description: 'All hooks that the caller decides; applies from the next turn; null: none' }),
  maxBudgetUsd: maxBudgetUsd
    .nullable()
    .optional()
    .meta({ description: 'Applies from the next turn; null: no limit' }),
  promptSuggestions: promptSuggestions
    .nullable()
    .optional()
    .meta({ description: 'Applies from the next turn; null: off' }),
  titles: titles.nullable().optional().meta({ description: 'Applies from the next turn; null: off' }),
}

export type SettingSource = z.infer<typeof settingSource>
export type SessionSettings = z.infer<typeof sessionSettings>

const names = Object.keys(sessionSettings.shape) as (keyof SessionSettings)[]

/** Picks the settings from the fields of a validated request; absent settings stay absent. */
export function pickSettings(request: SessionSettings): SessionSettings {
  const given = names.filter(name => request[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, request[name]])) as SessionSettings
}

export const defaultSettings: SessionSettings = sessionSettings.parse({})

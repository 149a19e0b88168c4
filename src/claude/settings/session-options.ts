import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { AgentSpec } from '../../sessions/ports/index.ts'
import { toInstructionOptions, withMemory } from './instruction-options.ts'

/** Builds the SDK's options for the settings of a session; Claude Code's defaults apply to the others. */
export function toSettingOptions(spec: AgentSpec): Options {
  const { settings, budgetLeftUsd } = spec
  const { tools, allowedTools, disallowedTools, additionalDirectories, mcpServers } = settings
  const { skills, effort, thinking, fallbackModel, outputFormat, promptSuggestions } = settings
  const maxBudgetUsd = budgetLeftUsd ?? settings.maxBudgetUsd
  return {
    systemPrompt: withMemory(toSystemPrompt(spec), spec.instructions),
    ...toInstructionOptions(spec),
    ...(tools && { tools }),
    ...(allowedTools && { allowedTools }),
    ...(disallowedTools && { disallowedTools }),
    ...(additionalDirectories && { additionalDirectories }),
    ...(mcpServers && {
      mcpServers: mcpServers as NonNullable<Options['mcpServers']>,
      // Kept off the command line, where all users of the machine could read the secrets.
      mcpServersDelivery: 'initialize' as const,
    }),
    ...(skills && { skills }),
    settingSources: [...spec.settingSources],
    ...(effort && { effort }),
    ...(thinking && { thinking }),
    ...(fallbackModel !== undefined && { fallbackModel }),
    ...(maxBudgetUsd !== undefined && { maxBudgetUsd }),
    ...(promptSuggestions && { promptSuggestions }),
    ...(outputFormat && { outputFormat }),
  }
}

function toSystemPrompt({ settings, appendSystemPrompt }: AgentSpec): NonNullable<Options['systemPrompt']> {
  const { systemPrompt } = settings
  if (typeof systemPrompt === 'string') return joinParts(systemPrompt, appendSystemPrompt)
  const append = joinParts(systemPrompt?.append, appendSystemPrompt)
  return {
    type: 'preset',
    preset: 'claude_code',
    ...(append !== '' && { append }),
    ...(systemPrompt?.excludeDynamicSections !== undefined && {
      excludeDynamicSections: systemPrompt.excludeDynamicSections,
    }),
  }
}

function joinParts(...parts: (string | null | undefined)[]): string {
  return parts.filter(part => part !== undefined && part !== null && part !== '').join('\n\n')
}

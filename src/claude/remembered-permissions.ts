import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { PermissionSuggestion } from '../contract/permissions.ts'

interface Rule {
  toolName: string
  ruleContent?: string
}

/** The options with what people have allowed for the rest of the session in an earlier process of it. */
export function withRemembered(options: Options, remembered: readonly PermissionSuggestion[]): Options {
  if (remembered.length === 0) return options
  const rules = remembered
    .filter(({ type, behavior }) => type === 'addRules' && behavior === 'allow')
    .flatMap(({ rules }) => rules as Rule[])
  const directories = remembered
    .filter(({ type }) => type === 'addDirectories')
    .flatMap(({ directories }) => directories as string[])
  return {
    ...options,
    allowedTools: [...(options.allowedTools ?? []), ...rules.map(toText)],
    additionalDirectories: [...(options.additionalDirectories ?? []), ...directories],
  }
}

/** As rules are written in settings and in the SDK option `allowedTools`. */
function toText({ toolName, ruleContent }: Rule): string {
  return ruleContent === undefined ? toolName : `${toolName}(${ruleContent})`
}

import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { PermissionSuggestion } from '../../contract/permissions.ts'

interface Rule {
  toolName: string
  ruleContent?: string
}

/**
 * Not in the SDK's typings. By standard input: what people have allowed is no business of others on the machine,
 * and an argument has a longest length.
 */
const delivery = { settingsDelivery: 'initialize' }

/**
 * The options with what people have allowed for the rest of the session in an earlier process of it.
 *
 * Rules go as settings, each as a text of its own. The SDK option `allowedTools` is no place for them: it is joined
 * with commas and taken apart again without regard to what is quoted, so that a part of a command could become a
 * rule.
 */
export function withRemembered(options: Options, remembered: readonly PermissionSuggestion[]): Options {
  const allow = remembered
    .filter(({ type, behavior }) => type === 'addRules' && behavior === 'allow')
    .flatMap(({ rules }) => rules as Rule[])
    .filter(isKept)
    .map(toText)
  const directories = remembered
    .filter(({ type }) => type === 'addDirectories')
    .flatMap(({ directories }) => directories as string[])
  return {
    ...options,
    ...(allow.length > 0 && {
      settings: { ...(options.settings as object | undefined), permissions: { allow } },
      ...delivery,
    }),
    ...(directories.length > 0 && {
      additionalDirectories: [...(options.additionalDirectories ?? []), ...directories],
    }),
  }
}

/** Whether Claude Code reads the rule back as it was: one that it would take for the whole tool is asked again. */
function isKept({ toolName, ruleContent }: Rule): boolean {
  return /^[\w.-]+$/.test(toolName) && ruleContent !== '' && ruleContent !== '*'
}

/** As Claude Code writes rules into settings files. */
function toText({ toolName, ruleContent }: Rule): string {
  return ruleContent === undefined ? toolName : `${toolName}(${ruleContent.replace(/[\\()]/g, '\\$&')})`
}

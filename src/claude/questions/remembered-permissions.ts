import type { Options } from '@anthropic-ai/claude-agent-sdk'
import type { PermissionSuggestion } from '../../contract/permissions.ts'

interface Rule {
  toolName: string
  ruleContent?: string
}

/**
 * Not in the SDK's typings. Permissions are passed by standard input, because other users of the machine could read
 * arguments, and arguments have a maximum length.
 */
const delivery = { settingsDelivery: 'initialize' }

/**
 * Adds the permissions that people have granted for the rest of the session in an earlier process.
 *
 * Rules are passed as settings, one text each. The SDK option `allowedTools` is not safe for them: it is joined with
 * commas and split again without regard to quotes, so that a part of a command could become a rule.
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

/** Whether Claude Code parses the rule unchanged; a rule that it would take for the whole tool is not remembered. */
function isKept({ toolName, ruleContent }: Rule): boolean {
  return /^[\w.-]+$/.test(toolName) && ruleContent !== '' && ruleContent !== '*'
}

/** Formats a rule as Claude Code does in settings files. */
function toText({ toolName, ruleContent }: Rule): string {
  return ruleContent === undefined ? toolName : `${toolName}(${ruleContent.replace(/[\\()]/g, '\\$&')})`
}

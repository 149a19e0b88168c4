import { ChevronDown } from 'lucide-react'
import type { PermissionRequest, PermissionSuggestion } from '../../../../src/client/index.ts'
import { nameOfMode } from '../../lib/mode-names.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import type { Answer } from './use-answer.ts'

const verbs = new Map<unknown, string>([
  ['allow', 'allow'],
  ['deny', 'deny'],
  ['ask', 'ask before'],
])

/** A rule that Claude Code suggests, in words. */
function describe(suggestion: PermissionSuggestion): string {
  const { type, behavior, rules, mode, directories } = suggestion as {
    type: string
    behavior?: unknown
    rules?: { toolName?: unknown; ruleContent?: unknown }[]
    mode?: unknown
    directories?: unknown[]
  }
  if (type === 'setMode') return `Continue with “${nameOfMode(String(mode))}”`
  if (type === 'addDirectories' && Array.isArray(directories))
    return `Allow work in ${directories.join(', ')}`
  if (Array.isArray(rules)) {
    const names = rules.map(rule =>
      rule.ruleContent === undefined
        ? String(rule.toolName)
        : `${String(rule.toolName)}(${String(rule.ruleContent)})`,
    )
    const verb = type === 'addRules' ? verbs.get(behavior) : undefined
    return `${verb === undefined ? `Apply ${type}` : `Always ${verb}`} ${names.join(', ')}`
  }
  return `Apply ${type}`
}

/** Broader answers that Claude Code suggests for the rest of the session. */
export function SuggestionMenu({ request, answer }: { request: PermissionRequest; answer: Answer }) {
  if (request.suggestions.length === 0) return null
  return (
    <Menu
      trigger={
        <IconButton label="Allow more for this session" variant="secondary" disabled={answer.isPending}>
          <ChevronDown aria-hidden className="size-4" />
        </IconButton>
      }
    >
      {request.suggestions.map((suggestion, index) => (
        <MenuItem
          // biome-ignore lint/suspicious/noArrayIndexKey: The answer names a suggestion by its index.
          key={index}
          onSelect={() => answer.mutate({ decision: 'allow', remember: { suggestions: [index] } })}
        >
          <bdi className="max-w-72 break-words">{revealText(describe(suggestion))}</bdi>
        </MenuItem>
      ))}
    </Menu>
  )
}

import { ChevronDown } from 'lucide-react'
import type { PermissionRequest, PermissionSuggestion } from '../../../../src/client/index.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import type { Answer } from './use-answer.ts'

/** A rule that Claude Code suggests, in words. */
function describe(suggestion: PermissionSuggestion): string {
  const { type, rules, mode, directories } = suggestion as {
    type: string
    rules?: { toolName?: unknown; ruleContent?: unknown }[]
    mode?: unknown
    directories?: unknown[]
  }
  if (type === 'setMode') return `Continue in the mode ${String(mode)}`
  if (type === 'addDirectories' && Array.isArray(directories))
    return `Allow work in ${directories.join(', ')}`
  if (Array.isArray(rules)) {
    const names = rules.map(rule =>
      rule.ruleContent === undefined
        ? String(rule.toolName)
        : `${String(rule.toolName)}(${String(rule.ruleContent)})`,
    )
    return `Always allow ${names.join(', ')}`
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

import { isClientTool, toShownTool } from '../../contract/client-requests.ts'

/** Tools of the protocol's toolset, and Claude Code's names of them. */
const builtIn = {
  bash: 'Bash',
  read: 'Read',
  write: 'Write',
  edit: 'Edit',
  glob: 'Glob',
  grep: 'Grep',
  web_fetch: 'WebFetch',
  web_search: 'WebSearch',
} as const

export type BuiltInName = keyof typeof builtIn
export const builtInNames = Object.keys(builtIn) as [BuiltInName, ...BuiltInName[]]

const shownNames = new Map<string, BuiltInName>(builtInNames.map(name => [builtIn[name], name]))

export function toClaudeName(name: BuiltInName): string {
  return builtIn[name]
}

function toBuiltInName(claudeName: string): BuiltInName | undefined {
  return shownNames.get(claudeName)
}

/** A tool as the protocol tells them apart. */
export type ToolKind =
  | { kind: 'custom'; name: string }
  | { kind: 'mcp'; server: string; name: string }
  | { kind: 'agent'; name: string }

/** @param claudeName as Claude calls the tool */
export function toToolKind(claudeName: string): ToolKind {
  if (isClientTool(claudeName)) return { kind: 'custom', name: toShownTool(claudeName) }
  const [, server, name] = /^mcp__(.+?)__(.+)$/.exec(claudeName) ?? []
  if (server !== undefined && name !== undefined) return { kind: 'mcp', server, name }
  return { kind: 'agent', name: toBuiltInName(claudeName) ?? claudeName }
}

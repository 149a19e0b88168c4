/** Tools of Claude Code that the API tells apart by name. Callers meet the names in rules and requests. */

/** Tools that run commands in the shell of the process. */
const shellTools: ReadonlySet<string> = new Set(['Bash', 'PowerShell', 'Monitor'])

/** Fields that name what a tool works on. */
const subjectFields: Readonly<Record<string, string>> = {
  Read: 'file_path',
  Write: 'file_path',
  Edit: 'file_path',
  MultiEdit: 'file_path',
  NotebookEdit: 'notebook_path',
  WebFetch: 'url',
}

/** Names that Claude Code still understands and does not list. */
export const toolAliases: readonly string[] = ['Task', 'StructuredOutput']

export function runsInShell(toolName: string): boolean {
  return shellTools.has(toolName)
}

/** Whether the tool is an MCP server's: `mcp__<server>__<tool>`. */
export function isMcpTool(toolName: string): boolean {
  return toolName.startsWith('mcp__')
}

/** The field of the input that names the file or address that the tool works on; undefined: there is none. */
export function subjectFieldOf(toolName: string): string | undefined {
  return subjectFields[toolName]
}

import type { ToolCallContent, ToolCallLocation, ToolKind } from '@agentclientprotocol/sdk'
import { isClientTool, toShownTool } from '../../contract/client-requests.ts'
import { shorten } from '../../lib/shorten.ts'

/** A tool call as people see it. */
export interface CallView {
  title: string
  kind: ToolKind
  content?: ToolCallContent[]
  locations?: ToolCallLocation[]
}

type Input = Readonly<Record<string, unknown>>

const longestTitle = 300

const kinds: Readonly<Record<string, ToolKind>> = {
  Read: 'read',
  Write: 'edit',
  Edit: 'edit',
  MultiEdit: 'edit',
  NotebookEdit: 'edit',
  Bash: 'execute',
  PowerShell: 'execute',
  Monitor: 'execute',
  TaskOutput: 'execute',
  TaskStop: 'execute',
  Glob: 'search',
  Grep: 'search',
  ToolSearch: 'search',
  WebFetch: 'fetch',
  WebSearch: 'fetch',
  Agent: 'think',
  Task: 'think',
  EnterPlanMode: 'switch_mode',
  ExitPlanMode: 'switch_mode',
  acp_read_text_file: 'read',
  acp_write_text_file: 'edit',
  acp_run_command: 'execute',
}

/** Describes a call by its input, in which nothing is taken for granted. */
export function describeCall(name: string, input: unknown): CallView {
  const fields: Input = typeof input === 'object' && input !== null ? (input as Input) : {}
  const kind = kinds[toShownTool(name)] ?? 'other'
  const path = textOf(fields.file_path) ?? textOf(fields.notebook_path) ?? textOf(fields.path)
  const title = shorten(toLine(titleOf(name, fields, path)), longestTitle)
  const content = contentOf(name, fields, path)
  return {
    title,
    kind,
    ...(content.length > 0 && { content }),
    ...(path !== undefined && kind !== 'other' && { locations: [toLocation(path, fields.offset)] }),
  }
}

function titleOf(name: string, fields: Input, path: string | undefined): string {
  const subject =
    path ??
    textOf(fields.command) ??
    textOf(fields.pattern) ??
    textOf(fields.url) ??
    textOf(fields.query) ??
    textOf(fields.description) ??
    textOf(fields.skill)
  switch (name) {
    case 'Bash':
    case 'PowerShell':
      return subject ?? name
    case 'Agent':
    case 'Task':
      return textOf(fields.description) ?? name
    case 'ExitPlanMode':
      return 'Plan'
    case 'AskUserQuestion':
      return 'Question'
  }
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? []
  if (tool !== undefined && !isClientTool(name)) return `${server}: ${tool}`
  const shown = toShownTool(name)
  return subject === undefined ? shown : `${shown} ${subject}`
}

function contentOf(name: string, fields: Input, path = ''): ToolCallContent[] {
  switch (name) {
    case 'Write':
      return [{ type: 'diff', path, oldText: null, newText: textOf(fields.content) ?? '' }]
    case 'Edit':
      return [toDiff(path, fields)]
    case 'MultiEdit':
      return (Array.isArray(fields.edits) ? fields.edits : []).map((edit: Input) => toDiff(path, edit))
    case 'ExitPlanMode':
      return textContent(fields.plan)
    case 'Agent':
    case 'Task':
      return textContent(fields.prompt)
    case 'Bash':
    case 'PowerShell':
      return textContent(fields.description)
    default:
      return []
  }
}

function toDiff(path: string, edit: Input | undefined): ToolCallContent {
  return {
    type: 'diff',
    path,
    oldText: textOf(edit?.old_string) ?? '',
    newText: textOf(edit?.new_string) ?? '',
  }
}

/** The diff of a written file, of which the call itself does not know what was there before; undefined: unknown. */
export function diffOfResult(name: string, data: unknown): ToolCallContent[] | undefined {
  if (name !== 'Write' || typeof data !== 'object' || data === null) return undefined
  const { filePath, originalFile, content } = data as Input
  if (typeof filePath !== 'string' || typeof originalFile !== 'string' || typeof content !== 'string') {
    return undefined
  }
  return [{ type: 'diff', path: filePath, oldText: originalFile, newText: content }]
}

export function textContent(text: unknown): ToolCallContent[] {
  return typeof text === 'string' && text !== '' ? [{ type: 'content', content: { type: 'text', text } }] : []
}

function toLocation(path: string, line: unknown): ToolCallLocation {
  return typeof line === 'number' && line >= 1 ? { path, line: Math.floor(line) } : { path }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function toLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

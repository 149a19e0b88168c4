import { shortPath } from '../lib/format.ts'
import { toOneLine } from '../lib/one-line.ts'
import { revealText } from '../lib/revealed-text.ts'
import { type InputFields, listOf, readMcpName, textOf, toFields } from './input-fields.ts'

/** How long a line is at most, in characters. */
const longest = 160

const path = (fields: InputFields) => shortPath(textOf(fields, 'file_path', 'notebook_path', 'path') ?? '', 3)

const lines: Record<string, (fields: InputFields) => string | null> = {
  Bash: fields => textOf(fields, 'command'),
  PowerShell: fields => textOf(fields, 'command'),
  Monitor: fields => textOf(fields, 'command'),
  Read: path,
  Write: path,
  Edit: path,
  MultiEdit: path,
  NotebookEdit: path,
  Glob: fields => textOf(fields, 'pattern'),
  Grep: fields => [textOf(fields, 'pattern'), textOf(fields, 'path', 'glob')].filter(Boolean).join(' in '),
  WebFetch: fields => textOf(fields, 'url'),
  WebSearch: fields => textOf(fields, 'query'),
  TodoWrite: fields => describeTodos(listOf(fields, 'todos')),
  Agent: fields => textOf(fields, 'description', 'prompt'),
  Task: fields => textOf(fields, 'description', 'prompt'),
  Skill: fields => [textOf(fields, 'skill', 'command'), textOf(fields, 'args')].filter(Boolean).join(' '),
  AskUserQuestion: fields => textOf(listOf(fields, 'questions')[0] ?? {}, 'question'),
  ExitPlanMode: fields => textOf(fields, 'plan'),
}

function describeTodos(todos: readonly InputFields[]): string {
  const done = todos.filter(({ status }) => status === 'completed').length
  return `${done} of ${todos.length} done`
}

const toolNames: Record<string, string> = { AskUserQuestion: 'Question', ExitPlanMode: 'Plan' }

/** The name of a tool as people say it: `Bash`, `Question`, `github: create_issue`. */
export function describeTool(name: string): string {
  const named = Object.hasOwn(toolNames, name) ? toolNames[name] : undefined
  if (named !== undefined) return named
  const mcp = readMcpName(name)
  return revealText(mcp ? `${mcp.server}: ${mcp.tool}` : name)
}

/** A call in one line without the tool's name, such as its command or its file; empty: the input has nothing to say. */
export function describeCall(name: string, input: unknown): string {
  const fields = toFields(input)
  const describe = Object.hasOwn(lines, name) ? lines[name] : undefined
  return toOneLine(describe?.(fields) ?? firstText(fields), longest)
}

function firstText(fields: InputFields): string {
  const found = Object.values(fields).find(value => typeof value === 'string' && value !== '')
  return typeof found === 'string' ? found : ''
}

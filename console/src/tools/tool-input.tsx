import type { ReactNode } from 'react'
import { CodeBlock } from '../code/code-block.tsx'
import { languageOfPath } from '../code/languages.ts'
import { TextDiff } from '../diff/text-diff.tsx'
import { revealText } from '../lib/revealed-text.ts'
import { Markdown } from '../markdown/markdown.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Badge } from '../ui/small-parts.tsx'
import { FieldList } from './field-list.tsx'
import { type InputFields, listOf, readMcpName, textOf, toFields } from './input-fields.ts'
import { PathLine } from './path-line.tsx'
import { TodoList } from './todo-list.tsx'

type View = (fields: InputFields) => ReactNode

function Shell(fields: InputFields) {
  const description = textOf(fields, 'description')
  return (
    <>
      {description && <bdi className="block text-muted">{revealText(description)}</bdi>}
      <CodeBlock code={textOf(fields, 'command') ?? ''} language="bash" name="Command" wraps />
      <div className="flex flex-wrap gap-1 empty:hidden">
        {fields.dangerouslyDisableSandbox === true && <Badge tone="bad">Without sandbox</Badge>}
        {fields.run_in_background === true && <Badge>In the background</Badge>}
        {typeof fields.timeout === 'number' && <Badge>{fields.timeout / 1000} s at most</Badge>}
      </div>
      <FieldList
        fields={fields}
        except={['command', 'description', 'dangerouslyDisableSandbox', 'run_in_background', 'timeout']}
      />
    </>
  )
}

function Edit(fields: InputFields) {
  const path = textOf(fields, 'file_path') ?? ''
  const edits = fields.edits === undefined ? [fields] : listOf(fields, 'edits')
  return (
    <>
      <PathLine path={path} />
      {edits.map((edit, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: An edit is what stands at its place.
        <div key={index} className="flex flex-col gap-1">
          {edit.replace_all === true && <Badge tone="warn">Everywhere in the file</Badge>}
          <ScrollRegion
            label="Changed lines"
            className="max-h-120 rounded-md border border-line bg-surface py-1"
          >
            <TextDiff
              before={textOf(edit, 'old_string') ?? ''}
              after={textOf(edit, 'new_string') ?? ''}
              path={path}
            />
          </ScrollRegion>
        </div>
      ))}
      <FieldList fields={fields} except={['file_path', 'edits', 'old_string', 'new_string', 'replace_all']} />
    </>
  )
}

function Write(fields: InputFields) {
  const path = textOf(fields, 'file_path', 'notebook_path') ?? ''
  const content = textOf(fields, 'content', 'new_source') ?? ''
  return (
    <>
      <PathLine path={path} />
      <CodeBlock code={content} language={languageOfPath(path)} name="Content" startLine={1} />
      <FieldList fields={fields} except={['file_path', 'notebook_path', 'content', 'new_source']} />
    </>
  )
}

function Read(fields: InputFields) {
  return (
    <>
      <PathLine path={textOf(fields, 'file_path') ?? ''} />
      <FieldList fields={fields} except={['file_path']} />
    </>
  )
}

function Agent(fields: InputFields) {
  return (
    <>
      <FieldList fields={fields} except={['prompt']} />
      <div className="rounded-md border border-line p-3">
        <Markdown text={textOf(fields, 'prompt') ?? ''} />
      </div>
    </>
  )
}

function Todos(fields: InputFields) {
  return <TodoList todos={listOf(fields, 'todos')} />
}

function Plan(fields: InputFields) {
  return (
    <>
      <Markdown text={textOf(fields, 'plan') ?? ''} />
      <FieldList fields={fields} except={['plan']} />
    </>
  )
}

function Questions(fields: InputFields) {
  return listOf(fields, 'questions').map((question, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: A question is what stands at its place.
    <div key={index}>
      <bdi className="block font-medium wrap-anywhere">{textOf(question, 'question')}</bdi>
      <ul className="list-disc pl-5">
        {listOf(question, 'options').map((option, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: So is an option.
          <li key={at}>
            <bdi className="wrap-anywhere">{textOf(option, 'label')}</bdi>
            <bdi className="wrap-anywhere text-muted"> {textOf(option, 'description')}</bdi>
          </li>
        ))}
      </ul>
    </div>
  ))
}

const Fields: View = fields => <FieldList fields={fields} />

/** The view of each tool, and the type that its main field must have for it: other inputs are shown as JSON. */
const views: Record<string, { view: View; needs: string; type: 'string' | 'array' }> = {
  Bash: { view: Shell, needs: 'command', type: 'string' },
  PowerShell: { view: Shell, needs: 'command', type: 'string' },
  Monitor: { view: Shell, needs: 'command', type: 'string' },
  Edit: { view: Edit, needs: 'file_path', type: 'string' },
  MultiEdit: { view: Edit, needs: 'edits', type: 'array' },
  Write: { view: Write, needs: 'content', type: 'string' },
  NotebookEdit: { view: Write, needs: 'new_source', type: 'string' },
  Read: { view: Read, needs: 'file_path', type: 'string' },
  Glob: { view: Fields, needs: 'pattern', type: 'string' },
  Grep: { view: Fields, needs: 'pattern', type: 'string' },
  WebFetch: { view: Fields, needs: 'url', type: 'string' },
  WebSearch: { view: Fields, needs: 'query', type: 'string' },
  TodoWrite: { view: Todos, needs: 'todos', type: 'array' },
  Agent: { view: Agent, needs: 'prompt', type: 'string' },
  Task: { view: Agent, needs: 'prompt', type: 'string' },
  AskUserQuestion: { view: Questions, needs: 'questions', type: 'array' },
  ExitPlanMode: { view: Plan, needs: 'plan', type: 'string' },
}

function viewOf(name: string, fields: InputFields): View | null {
  const found = Object.hasOwn(views, name) ? views[name] : undefined
  if (!found) return readMcpName(name) ? Fields : null
  const value = fields[found.needs]
  return (Array.isArray(value) ? 'array' : typeof value) === found.type ? found.view : null
}

/** The input of a tool call in the form in which a person judges it best. */
export function ToolInput({ name, input }: { name: string; input: unknown }) {
  const fields = toFields(input)
  const view = viewOf(name, fields)
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {view ? (
        view(fields)
      ) : (
        <CodeBlock code={JSON.stringify(input, null, 2) ?? ''} language="json" name="Input" wraps />
      )}
    </div>
  )
}

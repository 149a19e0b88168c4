import type { BlockView } from '../../../src/client/index.ts'
import { CodeBlock } from '../code/code-block.tsx'
import { languageOfPath } from '../code/languages.ts'
import { OutputBlock } from '../code/output-block.tsx'
import { Markdown } from '../markdown/markdown.tsx'
import { FileBlock } from './file-block.tsx'
import { textOf, toFields } from './input-fields.ts'
import { readNumberedLines } from './numbered-lines.ts'

/** Tools whose result only says that it worked: the input has shown what it did. */
const quiet = new Set(['Edit', 'MultiEdit', 'Write', 'NotebookEdit', 'TodoWrite'])
/** Tools that answer in Markdown. */
const written = new Set(['Agent', 'Task', 'WebFetch', 'WebSearch'])

interface ToolResultProps {
  name: string
  input: unknown
  result: { blocks: readonly BlockView[]; isError: boolean }
}

/** The answer of a tool. */
export function ToolResult({ name, input, result: { blocks, isError } }: ToolResultProps) {
  if (quiet.has(name) && !isError) return null
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {blocks.length === 0 && <p className="text-xs text-muted">No output</p>}
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: A block is what stands at its place.
        <Block key={index} name={name} input={input} block={block} isError={isError} />
      ))}
    </div>
  )
}

interface BlockProps {
  name: string
  input: unknown
  block: BlockView
  isError: boolean
}

function Block({ name, input, block, isError }: BlockProps) {
  if (block.type === 'file') return <FileBlock file={block} />
  if (block.type !== 'text') {
    return <CodeBlock code={JSON.stringify(block, null, 2)} language="json" name="Result" />
  }
  const { text } = block
  if (isError) return <OutputBlock text={text} name="Error" isError />
  if (name === 'Read') {
    const numbered = readNumberedLines(text)
    const language = languageOfPath(textOf(toFields(input), 'file_path') ?? '')
    if (numbered) {
      return <CodeBlock code={numbered.code} startLine={numbered.start} language={language} name="Content" />
    }
  }
  if (written.has(name)) {
    return (
      <div className="rounded-md border border-line p-3">
        <Markdown text={text} />
      </div>
    )
  }
  return isJson(text) ? <CodeBlock code={text} language="json" name="Result" /> : <OutputBlock text={text} />
}

function isJson(text: string): boolean {
  if (text.length > 100_000 || !/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

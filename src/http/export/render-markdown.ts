import type { BlockContent, List, PhrasingContent, RootContent, Text } from 'mdast'
import { gfmToMarkdown } from 'mdast-util-gfm'
import { type Options, toMarkdown } from 'mdast-util-to-markdown'
import { toTimestamp } from '../../contract/primitives.ts'
import type { Session } from '../../contract/sessions.ts'
import type { Entry, Part } from './entries.ts'
import { isQuicklyRead, readForeignMarkdown, toCode } from './foreign-markdown.ts'
import { shorten, toShownText } from './shown-text.ts'

const options: Options = { bullet: '-', rule: '-', extensions: [gfmToMarkdown({ tablePipeAlign: false })] }

export function renderMarkdownHead(session: Session): string {
  const { sessionId, title, model, createdAt, config } = session
  const facts: List = {
    type: 'list',
    spread: false,
    children: [
      [text('Session: '), code(sessionId)],
      [text('Model: '), code(model ?? 'unknown')],
      [text('Working directory: '), code(config.cwd)],
      [text(`Created: ${createdAt}`)],
    ].map(children => ({ type: 'listItem', children: [{ type: 'paragraph', children }] })),
  }
  return write([heading(1, plain(title ?? 'Session')), facts])
}

/** One entry, with an empty line before it. */
export function renderMarkdownEntry(entry: Entry): string {
  const nodes = render(entry)
  const isQuoted = 'ofSubagent' in entry && entry.ofSubagent
  return `\n${write(isQuoted ? [quote(nodes)] : nodes)}`
}

function write(children: RootContent[]): string {
  return toMarkdown({ type: 'root', children }, options)
}

function render(entry: Entry): RootContent[] {
  switch (entry.kind) {
    case 'turn':
      return [heading(2, text(`Turn ${entry.number}`)), emphasis(text(toTimestamp(entry.at)))]
    case 'prompt':
      return [
        heading(3, text(entry.added ? 'Prompt, added meanwhile' : 'Prompt')),
        quote(renderParts(entry.parts, renderProse)),
        heading(3, text('Answer')),
      ]
    case 'text':
      return [...label(entry), ...renderProse(entry.text)]
    case 'synthetic':
      return entry.ofSubagent
        ? [...label(entry, strong('Task')), quote(renderProse(entry.text))]
        : fold('Written by Claude Code', renderCode(entry.text))
    case 'thinking':
      return fold(entry.ofSubagent ? 'Subagent: thinking' : 'Thinking', renderCode(entry.text))
    case 'toolCall':
      return [
        ...label(entry, strong('Tool call'), text(' '), code(entry.name)),
        ...renderCode(entry.input, 'json'),
      ]
    case 'toolResult': {
      const of = entry.name === '' ? [] : [text(' of '), code(entry.name)]
      const parts = renderParts(entry.parts, part => renderCode(part))
      return [
        ...label(entry, strong(entry.isError ? 'Error' : 'Result'), ...of),
        ...(parts.length > 0 ? parts : [emphasis(text('empty'))]),
      ]
    }
    case 'note':
    case 'ending':
      return [emphasis(plain(entry.text))]
  }
}

function label({ ofSubagent }: { ofSubagent: boolean }, ...words: PhrasingContent[]): RootContent[] {
  const gap = ofSubagent && words.length > 0 ? [text(' ')] : []
  const children = [...(ofSubagent ? [strong('Subagent')] : []), ...gap, ...words]
  return children.length > 0 ? [{ type: 'paragraph', children }] : []
}

function renderParts(parts: readonly Part[], renderText: (text: string) => RootContent[]): RootContent[] {
  return parts.flatMap(part =>
    part.type === 'text'
      ? renderText(part.text)
      : [{ type: 'paragraph', children: [text('['), plain(part.label), text(']')] }],
  )
}

function renderProse(prose: string): RootContent[] {
  return readForeignMarkdown(toShownText(prose))
}

function renderCode(given: string, language?: string): RootContent[] {
  const shown = shorten(toShownText(given))
  const block = toCode(shown.text, language)
  return shown.leftOut === undefined ? [block] : [block, emphasis(text(`… ${shown.leftOut}`))]
}

function fold(summary: string, content: RootContent[]): RootContent[] {
  return [
    { type: 'html', value: `<details><summary>${summary}</summary>` },
    ...content,
    { type: 'html', value: '</details>' },
  ]
}

function heading(depth: 1 | 2 | 3, child: PhrasingContent): RootContent {
  return { type: 'heading', depth, children: [child] }
}

function quote(children: RootContent[]): RootContent {
  return { type: 'blockquote', children: children as BlockContent[] }
}

function emphasis(child: PhrasingContent): RootContent {
  return { type: 'paragraph', children: [{ type: 'emphasis', children: [child] }] }
}

function strong(value: string): PhrasingContent {
  return { type: 'strong', children: [text(value)] }
}

function code(value: string): PhrasingContent {
  return { type: 'inlineCode', value: joinLines(toShownText(value)) }
}

function text(value: string): Text {
  return { type: 'text', value }
}

/** Foreign text in one line; as code where escaping it would take long. */
function plain(value: string): PhrasingContent {
  return isQuicklyRead(value) ? text(joinLines(toShownText(value))) : code(value)
}

/** One line, with a blank for each break. Without a regular expression: that takes long where there are many blanks. */
function joinLines(given: string): string {
  const lines = given.split('\n')
  if (lines.length === 1) return given
  return lines
    .map(line => line.trim())
    .filter(Boolean)
    .join(' ')
}

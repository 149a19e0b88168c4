import { toTimestamp } from '../../contract/primitives.ts'
import type { Session } from '../../contract/sessions.ts'
import type { Entry, Part } from './entries.ts'
import { escapeMarkdown, toCodeSpan, toFence, toQuote } from './markdown-text.ts'
import { shorten, toShownText } from './shown-text.ts'
import { tameMarkdown } from './tame-markdown.ts'

export function renderMarkdownHead(session: Session): string {
  const { sessionId, title, model, createdAt, config } = session
  const facts = [
    `- Session: ${toCodeSpan(sessionId)}`,
    `- Model: ${toCodeSpan(model ?? 'unknown')}`,
    `- Working directory: ${toCodeSpan(toShownText(config.cwd))}`,
    `- Created: ${createdAt}`,
  ]
  return `# ${escapeMarkdown(toShownText(title ?? 'Session'))}\n\n${facts.join('\n')}\n`
}

/** One entry, with an empty line before it. */
export function renderMarkdownEntry(entry: Entry): string {
  const isQuoted = 'ofSubagent' in entry && entry.ofSubagent
  return `\n${isQuoted ? toQuote(render(entry, 1)) : render(entry, 0)}\n`
}

function render(entry: Entry, quotes: number): string {
  switch (entry.kind) {
    case 'turn':
      return `## Turn ${entry.number}\n\n*${toTimestamp(entry.at)}*`
    case 'prompt':
      return `### ${entry.added ? 'Prompt, added meanwhile' : 'Prompt'}\n\n${toQuote(renderParts(entry.parts, text => tame(text, 1)))}\n\n### Answer`
    case 'text':
      return `${label(entry, '')}${tame(entry.text, quotes)}`
    case 'synthetic':
      return entry.ofSubagent
        ? `${label(entry, '**Task**')}${toQuote(tame(entry.text, quotes + 1))}`
        : fold('Written by Claude Code', renderCode(entry.text))
    case 'thinking':
      return fold(`${entry.ofSubagent ? 'Subagent: thinking' : 'Thinking'}`, renderCode(entry.text))
    case 'toolCall':
      return `${label(entry, `**Tool call** ${toCodeSpan(entry.name)}`)}${renderCode(entry.input, 'json')}`
    case 'toolResult': {
      const what = entry.isError ? '**Error**' : '**Result**'
      const of = entry.name === '' ? '' : ` of ${toCodeSpan(entry.name)}`
      return `${label(entry, `${what}${of}`)}${renderParts(entry.parts, renderCode) || '*empty*'}`
    }
    case 'note':
    case 'ending':
      return `*${escapeMarkdown(toShownText(entry.text))}*`
  }
}

function label({ ofSubagent }: { ofSubagent: boolean }, text: string): string {
  const words = [ofSubagent && '**Subagent**', text].filter(Boolean).join(' ')
  return words === '' ? '' : `${words}\n\n`
}

function renderParts(parts: readonly Part[], renderText: (text: string) => string): string {
  const rendered = parts.map(part =>
    part.type === 'text' ? renderText(part.text) : `[${escapeMarkdown(toShownText(part.label))}]`,
  )
  return rendered.join('\n\n')
}

function tame(text: string, quotes: number): string {
  return tameMarkdown(toShownText(text), quotes)
}

function renderCode(text: string, language = ''): string {
  const shown = shorten(toShownText(text))
  const fence = toFence(shown.text, language)
  return shown.leftOut === undefined ? fence : `${fence}\n\n*… ${shown.leftOut}*`
}

function fold(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`
}

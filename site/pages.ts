import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** A Markdown file of the repository, as the site and `llms.txt` show it. */
export interface Page {
  /** Its path in the repository. */
  file: string
  title: string
  /** The first sentence below the title. */
  summary: string
  group: string
}

/** The groups of the navigation. A page belongs to the first that fits. */
const groups: Record<string, RegExp> = {
  Start: /^README\.md$/,
  Operate:
    /^docs\/guides\/(deploy|cluster|proxy|tls|identity|audit|isolation|operating|database|backup|retention|upgrade)\.md$|^docs\/configuration\.md$/,
  Clients:
    /^docs\/guides\/(browsers|console|retries|client|client-tools|door-[a-z-]+|agent-sdk|command-line|webhooks|push)\.md$|^docs\/(errors|turn-states)\.md$/,
  Guides: /^docs\/guides\//,
  Decisions: /^docs\/adr\//,
  Project: /./,
}

/** Every page, in the order of the navigation. A new file in `docs/` needs no entry. */
export function listPages(): Page[] {
  const files = ['README.md', ...globSync('docs/**/*.md', { cwd: root }).map(normalize).sort()]
  const pages = [...files, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map(toPage)
  return Object.keys(groups).flatMap(group => pages.filter(page => page.group === group))
}

function toPage(file: string): Page {
  const text = readFileSync(join(root, file), 'utf8')
  const [, title] = /^# (.+)$/m.exec(text) ?? []
  if (title === undefined) throw new Error(`${file} has no title: begin it with "# "`)
  const group = Object.entries(groups).find(([, pattern]) => pattern.test(file))?.[0] ?? ''
  return { file, title: toPlainText(title), summary: toSummary(text), group }
}

function toSummary(text: string): string {
  // The first paragraph: not a heading, a list, a table, a quotation, code, a comment or a status.
  const isParagraph = (block: string) =>
    /^[^#\-*|>`<\s\d]|^\*\*/.test(block) && !/^(Status|Accepted)\b/.test(block)
  const paragraph = text.split(/\n{2,}/).find(isParagraph) ?? ''
  const [sentence = ''] = /^.*?[.:](?=\s|$)/s.exec(paragraph) ?? [paragraph]
  return toPlainText(sentence).replace(/:$/, '.')
}

function toPlainText(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

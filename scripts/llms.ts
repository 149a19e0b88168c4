// Writes llms.txt (https://llmstxt.org) from the titles and first sentences of the pages; with --check it only says
// whether the file is true.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listPages, root } from '../site/pages.ts'

const [readme, ...pages] = listPages()
const groups = Map.groupBy(pages, ({ group }) =>
  group === 'Decisions' || group === 'Project' ? 'Optional' : group,
)
const sections = [...groups].map(([group, members]) => {
  const lines = members.map(({ title, file, summary }) => `- [${title}](${file})${summary && `: ${summary}`}`)
  return `## ${group}\n\n${lines.join('\n')}\n`
})
const reference =
  '## Reference\n\n- [OpenAPI 3.1 document](docs/openapi/claude-code-api.yaml): Every operation, with its schemas and errors.\n'
const text = [
  `# ${readme?.title}\n\n> ${readme?.summary}\n\n[README](README.md) has a tour.\n`,
  ...sections,
  reference,
].join('\n')

const file = join(root, 'llms.txt')
if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  throw new Error('llms.txt is not what the pages say: run `npm run llms`')
}

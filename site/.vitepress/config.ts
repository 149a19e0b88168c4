import { cpSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defineConfig, type MarkdownOptions } from 'vitepress'
import { resolveLink, slugify } from '../links.ts'
import { listPages, root } from '../pages.ts'

const pages = listPages()
const files = new Set(pages.map(({ file }) => file))
const groups = [...new Set(pages.map(({ group }) => group))]
/** Other files of the repository that pages link to. */
const attached = new Set(['llms.txt'])

/** A copy of the pages: VitePress finds its own packages only from below `site/`. */
const srcDir = join(import.meta.dirname, 'cache/pages')
rmSync(srcDir, { recursive: true, force: true })
for (const file of files) cpSync(join(root, file), join(srcDir, file))

const toUrl = (file: string) => (file === 'README.md' ? '/' : `/${file.replace(/\.md$/, '')}`)

/** Has links lead to the page on the site, or to a copy of the file. A link to a missing file fails the build. */
const followLinks: MarkdownOptions['config'] = md => {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const from = relative(srcDir, env.realPath ?? env.path)
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === 'link_open' ? resolveLink(from, String(token.attrGet('href'))) : undefined
      if (!target) continue
      const { file, anchor } = target
      if (!files.has(file)) attached.add(file)
      token.attrSet('href', files.has(file) ? toUrl(file) + (anchor ? `#${anchor}` : '') : `/${file}`)
    }
  })
}

// Everything is built and served from here: no fonts, scripts or searches of other sites.
export default defineConfig({
  title: 'claude-code-api',
  description: 'Claude Code behind HTTP',
  srcDir,
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  ignoreDeadLinks: [link => attached.has(link.replace(/^\.?\//, ''))],
  markdown: { anchor: { slugify }, config: followLinks },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: groups.map(group => ({
      text: group,
      collapsed: group === 'Decisions',
      items: pages
        .filter(page => page.group === group)
        .map(({ title, file }) => ({ text: title, link: toUrl(file) })),
    })),
  },
  // The sources, for `llms.txt`, and whatever pages link to.
  buildEnd({ outDir }) {
    for (const file of [...files, ...attached]) cpSync(join(root, file), join(outDir, file))
  },
})

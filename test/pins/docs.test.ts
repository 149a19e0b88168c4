import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import { resolveLink, slugify } from '../../site/links.ts'
import { listPages, root } from '../../site/pages.ts'

const pages = listPages()

function parse(file: string): Nodes[] {
  const text = readFileSync(join(root, file), 'utf8')
  const flatten = (node: Nodes): Nodes[] => [
    node,
    ...('children' in node ? node.children.flatMap(flatten) : []),
  ]
  return flatten(fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }))
}

function textOf(node: Nodes): string {
  if ('value' in node) return node.value
  return 'children' in node ? node.children.map(textOf).join('') : ''
}

function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>()
  for (const heading of parse(file).filter(({ type }) => type === 'heading')) {
    const slug = slugify(textOf(heading))
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

/** The links of a page that lead nowhere, each with its fault. */
function findDeadLinks(file: string, hrefs: readonly string[]): string[] {
  return hrefs.flatMap(href => {
    try {
      const target = resolveLink(file, href)
      if (target?.anchor === undefined || anchorsOf(target.file).has(target.anchor)) return []
      return [`${href}: ${target.file} has no such heading`]
    } catch (error) {
      return [(error as Error).message]
    }
  })
}

test('every test that a page names is there', () => {
  const named = pages.flatMap(({ file }) =>
    parse(file).flatMap(node =>
      node.type === 'inlineCode' && /^test\/.*\.test\.ts$/.test(node.value) ? [node.value] : [],
    ),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(name => !existsSync(join(root, name)))).toEqual([])
})

describe('links', () => {
  test.each(pages.map(({ file }) => file))('of %s lead to files and headings that exist', file => {
    const hrefs = parse(file).flatMap(node =>
      node.type === 'link' || node.type === 'image' ? [node.url] : [],
    )
    expect(findDeadLinks(file, hrefs)).toEqual([])
  })

  test.each([
    'nowhere.md',
    'deploy.md#nowhere',
    '#nowhere',
    '../../deploy',
    '/docs/errors.md',
    '../../../x.md',
  ])('to %s are dead', href => {
    expect(findDeadLinks('docs/guides/deploy.md', [href])).toHaveLength(1)
  })

  test('elsewhere are not followed', () => {
    expect(findDeadLinks('README.md', ['https://example.com/x', 'mailto:x@example.com'])).toEqual([])
  })
})

test('every page has a title and a first sentence', () => {
  expect(pages.length).toBeGreaterThan(30)
  for (const page of pages) expect(page.summary, page.file).toMatch(/^[A-Z].{10,}[.?!]$/s)
})

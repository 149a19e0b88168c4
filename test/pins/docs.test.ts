import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import { resolveLink, slugify } from '../../site/links.ts'
import { listPages, root } from '../../site/pages.ts'
import { createProgram } from '../../src/cli/program.ts'

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

/** Flags of Claude Code and of bubblewrap. */
const foreignFlags = new Set(['--await-initialize', '--disable-userns', '--die-with-parent'])

describe('flags of our command in the pages', () => {
  const commands = listCommands(createProgram())
  const codes = pages.flatMap(({ file }) =>
    parse(file).flatMap(node =>
      node.type === 'code' || node.type === 'inlineCode'
        ? node.value.split('\n').map(line => ({ file, line }))
        : [],
    ),
  )

  test('are flags of the command that they are given to', () => {
    const given = codes.flatMap(({ file, line }) => {
      const [, words = ''] = /\bclaude-code-api ([a-z].*)/.exec(line) ?? []
      const command = commands.find(({ name }) => words === name || words.startsWith(`${name} `))
      if (!command) return []
      return (words.match(/(?<=\s)--[a-z][a-z-]*/g) ?? []).map(flag => ({ file, command, flag }))
    })
    expect(given.length).toBeGreaterThan(20)
    const unknown = given.filter(({ command, flag }) => !command.flags.includes(flag))
    expect(unknown.map(({ file, command, flag }) => `${file}: ${command.name} ${flag}`)).toEqual([])
  })

  test('that stand alone are flags of some command', () => {
    const known = new Set(commands.flatMap(({ flags }) => flags))
    const alone = codes.flatMap(({ file, line }) => {
      const [, flag] = /^(--[a-z][a-z-]*)( [a-z<[./].*)?$/.exec(line) ?? []
      return flag === undefined || foreignFlags.has(flag) ? [] : [{ file, flag }]
    })
    expect(alone.length).toBeGreaterThan(20)
    expect(alone.filter(({ flag }) => !known.has(flag))).toEqual([])
  })
})

/** The commands with their flags, those with longer names first. */
function listCommands(program: Command, prefix = ''): { name: string; flags: string[] }[] {
  const listed = program.commands.flatMap(command => {
    const name = `${prefix}${command.name()}`
    const flags = command.options.flatMap(({ long }) => long ?? [])
    return [{ name, flags: [...flags, '--help'] }, ...listCommands(command, `${name} `)]
  })
  return listed.sort((one, other) => other.name.length - one.name.length)
}

import type { Nodes, Parents, RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'

/** Text without any of these holds no HTML and no link, and leaves nothing open. */
const needsReading = /[<[]|```|~~~/
/** Links that a browser would run, or open as a page. */
const activeLink = /^(?:javascript|vbscript|data(?!:image\/(?:png|gif|jpe?g|webp)\b)):/i
/** Browsers overlook these in the scheme. */
const overlooked = /[\p{Cc}\s]|%[01][0-9a-f]|%20/giu

/** Reading takes time with the length, and with the square of the number of marks and of the nesting. */
const longestRead = 20_000
const mostMarks = 1_500
const mark = /[\n!&*<>@[\\\]^_`|~-]/g
const longestNesting = 100
const nesting = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)))+/gm

/** Bare addresses are found in the finished text; while reading, the search for them takes long after an open bracket. */
const withoutBareAddresses = { disable: { null: ['wwwAutolink', 'protocolAutolink', 'emailAutolink'] } }
const extensions = [gfm(), withoutBareAddresses]
const mdastExtensions = [gfmFromMarkdown()]

/**
 * Reads foreign Markdown as nodes for a page: HTML and active links become text, everything is closed. Text that
 * would take long to parse becomes code.
 */
export function readForeignMarkdown(text: string): RootContent[] {
  // An `html` node is written as it is.
  if (!needsReading.test(text)) return [{ type: 'html', value: text }]
  if (!isQuicklyRead(text)) return [toCode(text)]
  const root = fromMarkdown(text, { extensions, mdastExtensions })
  tame(root, text)
  return root.children
}

export function toCode(text: string, lang?: string): RootContent {
  return { type: 'code', lang, value: text.endsWith('\n') ? text.slice(0, -1) : text }
}

/** Whether reading or writing the text as Markdown holds up the event loop for at most some 100 ms. */
export function isQuicklyRead(text: string): boolean {
  if (text.length > longestRead || (text.match(mark)?.length ?? 0) > mostMarks) return false
  return [...text.matchAll(nesting)].every(([{ length }]) => length <= longestNesting)
}

function tame(parent: Parents, source: string): void {
  parent.children = parent.children.map(child => tameNode(child, parent, source)) as never
}

function tameNode(node: Nodes, parent: Parents, source: string): Nodes {
  if (node.type === 'html' || ('url' in node && isActive(node.url))) {
    const text = { type: 'text' as const, value: sourceOf(node, source) }
    const isBlock = node.type === 'definition' || isFlow(parent)
    return isBlock ? { type: 'paragraph', children: [text] } : text
  }
  // Readers differ in what the second line of a code span may begin.
  if (node.type === 'inlineCode') return { ...node, value: node.value.replaceAll('\n', ' ') }
  if ('children' in node) tame(node, source)
  return node
}

function sourceOf({ position }: Nodes, source: string): string {
  return source.slice(position?.start.offset, position?.end.offset)
}

function isFlow({ type }: Parents): boolean {
  return ['root', 'blockquote', 'listItem', 'footnoteDefinition'].includes(type)
}

function isActive(url: string): boolean {
  return activeLink.test(url.replace(overlooked, ''))
}

import { type Node, Parser } from 'commonmark'
import { type Code, findCode } from './markdown-code.ts'
import { toFence, toQuote } from './markdown-text.ts'

/** All that a tag, comment, instruction or declaration can begin with; addresses in angle brackets are none. */
const tagStart = /<(?=[/!?]|[A-Za-z][A-Za-z0-9-]*(?:[\s/>]|$))/g
/** Stands for the `<` of a tag while the text is read as if it had none. It must not be in the text. */
const stand = '\ue000'
/** Text with none of these can neither hold HTML and links nor leave anything open. */
const needsReading = /[<[]|```|~~~/
/** What a browser would run, or open as a page. */
const activeLink = /^(?:javascript|vbscript|data(?!:image\/(?:png|gif|jpe?g|webp)\b)):/i
/** Would go on with a list that is still open before it, so that its code and fences were others. */
const joinsList = /^\n*(?: {2}| ?\t)/
/** Ends whatever list is open, and is not seen. */
const separator = '<!-- -->\n\n'
const end = 'end'

/** Reading this many characters takes some 100 ms, a quarter of a second at worst, and nothing else happens meanwhile. */
const longestRead = 50_000
/** Each `[` may begin a link, and the parser looks to the end of the text for its other half. */
const mostBrackets = 5_000

/**
 * Markdown of somebody else in the middle of a page, where it will stand within so many quotes: its HTML is shown and
 * does nothing, its code is as it was, and it leaves nothing open. What cannot be had so is shown in a fence.
 */
export function tameMarkdown(text: string, quotes = 0): string {
  const tamed = needsReading.test(text) ? tame(text, quotes) : text
  if (tamed === undefined) return toFence(text)
  return joinsList.test(tamed) && /<|```|~~~/.test(tamed) ? separator + tamed : tamed
}

/** Nothing, if the text could not be made harmless. */
function tame(text: string, quotes: number): string | undefined {
  if (text.includes(stand) || !isQuicklyRead(text)) return undefined
  const masked = closeFence(text.replace(tagStart, stand), quotes)
  // Tabs reach less far within a quote, so the text is read as it will stand.
  const quoted = quote(masked, quotes)
  const tamed = unquote(unmask(quoted, findCode(quoted, parse(quoted))), quotes)
  return isHarmless(tamed, quotes) ? tamed : undefined
}

function unmask(masked: string, code: readonly Code[]): string {
  let text = ''
  let position = 0
  for (const piece of code) {
    text += masked.slice(position, piece.start).replaceAll(stand, '&lt;') + piece.text.replaceAll(stand, '<')
    position = piece.start + piece.text.length
  }
  return text + masked.slice(position).replaceAll(stand, '&lt;')
}

/** Whether a reader of Markdown finds neither HTML nor active links in the text, and then goes on as before it. */
function isHarmless(text: string, quotes: number): boolean {
  // A link may be defined here and used in another text.
  const labels = new Set([...text.matchAll(/\[((?:[^\\[\]]|\\.){1,999})\]:/g)].map(([, label = '']) => label))
  const uses = [...labels].map(label => `[${label.replace(/\n[\s>]*/g, ' ')}]`)
  const document = parse(quote([text, ...uses, end].join('\n\n'), quotes))
  const last = lastOf(document, quotes)
  if (last?.type !== 'paragraph' || last.firstChild?.literal !== end) return false
  const walker = document.walker()
  for (let step = walker.next(); step; step = walker.next()) {
    const { type, destination } = step.node
    if (type === 'html_block' || type === 'html_inline') return false
    // Browsers overlook white space in the scheme.
    if (destination && activeLink.test(destination.replace(/%[01][0-9a-f]|%20|\s/gi, ''))) return false
  }
  return true
}

/** The text, with the fence closed that it leaves open. */
function closeFence(text: string, quotes: number): string {
  const read = quote(`${text}\n\n${end}`, quotes)
  const last = lastOf(parse(read), quotes)
  if (last?.type !== 'code_block' || !last.literal?.endsWith(`\n${end}\n`)) return text
  const [[line, column]] = last.sourcepos
  const [fence] = /^(?:`+|~+)/.exec(read.split('\n')[line - 1]?.slice(column - 1) ?? '') ?? []
  return fence === undefined ? text : `${text}${text.endsWith('\n') ? '' : '\n'}${fence}`
}

function lastOf(document: Node, quotes: number): Node | null | undefined {
  let last = document.lastChild
  for (let depth = 0; depth < quotes; depth++) last = last?.type === 'block_quote' ? last.lastChild : null
  return last
}

function parse(text: string): Node {
  return new Parser().parse(text)
}

/** What takes the parser longer than its length would have it is left to the fence: much nesting, many open links. */
function isQuicklyRead(text: string): boolean {
  if (text.length > longestRead) return false
  if (text.split('[').length > mostBrackets) return false
  const markers = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)))+/gm
  const deepest = [...text.matchAll(markers)].reduce((most, [{ length }]) => Math.max(most, length), 0)
  if (deepest > 200 || deepest * text.split('\n').length > 500_000) return false
  const paragraphs = text.split(/\n[ \t>]*\n/)
  return paragraphs.reduce((sum, part) => sum + part.length * part.split('](').length, 0) < 5_000_000
}

function quote(text: string, quotes: number): string {
  return quotes === 0 ? text : quote(toQuote(text), quotes - 1)
}

function unquote(text: string, quotes: number): string {
  if (quotes === 0) return text
  const lines = text.split('\n').map(line => line.replace(/^> ?/, ''))
  return unquote(lines.join('\n'), quotes - 1)
}

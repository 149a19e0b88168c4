import { attachmentLimits } from '../../contract/attachments.ts'
import type { IgnoredMention } from '../../contract/mentions.ts'
import type { PromptBlock } from '../../contract/turns.ts'
import { detectMediaType } from '../../lib/media-type.ts'
import type { OpenFile } from '../ports/index.ts'
import type { Mention } from './find-mentions.ts'

/** More of a text is left to the tools that read files. */
const maxTextBytes = 256 * 1024

export type Content = { block: PromptBlock; bytes: number } | { reason: IgnoredMention['reason'] }

/** Returns the content of a file for the model. Reads at most `room` bytes; closes the file. */
export async function readMentioned(file: OpenFile, mention: Mention, room: number): Promise<Content> {
  const whole = Math.max(attachmentLimits.image, attachmentLimits.pdf)
  const length = Math.min(file.sizeBytes, whole, room)
  const bytes = Buffer.concat(await Array.fromAsync<Buffer>(file.read(0, length)))
  const isWhole = length === file.sizeBytes
  if (bytes.length === 0) return { block: toTextBlock(file.path, ''), bytes: 0 }
  const mediaType = detectMediaType(bytes)
  if (mediaType?.startsWith('image/') === true || mediaType === 'application/pdf') {
    const isPdf = mediaType === 'application/pdf'
    const limit = isPdf ? attachmentLimits.pdf : attachmentLimits.image
    if (!isWhole || bytes.length > limit) return { reason: 'too_large' }
    const source = { type: 'base64' as const, media_type: mediaType, data: bytes.toString('base64') }
    const block = (
      isPdf ? { type: 'document', title: file.path, source } : { type: 'image', source }
    ) as PromptBlock
    return { block, bytes: bytes.length }
  }
  const text = bytes.toString('utf8')
  if (text.includes('\0')) return { reason: 'not_a_file' }
  const shown = mention.lines ? pickLines(text, mention.lines) : text
  const cut = shown.slice(0, maxTextBytes)
  const more = cut.length < shown.length || !isWhole
  const note = more ? `\n[Truncated after ${cut.length} characters. Use a tool to read the rest.]` : ''
  return { block: toTextBlock(titleOf(file.path, mention), cut + note), bytes: Buffer.byteLength(cut) }
}

export function toTextBlock(title: string, data: string): PromptBlock {
  // An empty document is refused by the model's API.
  const text = data === '' ? '[The file is empty.]' : data
  return { type: 'document', title, source: { type: 'text', media_type: 'text/plain', data: text } }
}

function titleOf(path: string, { lines }: Mention): string {
  return lines ? `${path}, lines ${lines.from} to ${lines.to}` : path
}

function pickLines(text: string, { from, to }: { from: number; to: number }): string {
  return text
    .split('\n')
    .slice(Math.max(0, from - 1), to)
    .join('\n')
}

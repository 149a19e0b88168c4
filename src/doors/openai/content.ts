import { z } from 'zod'
import type { PromptBlock } from '../../client/index.ts'
import { imageMediaTypes } from '../../lib/media-type.ts'
import type { Result } from './common-request.ts'
import { badField, toShown } from './problem.ts'
import { ignored, read } from './reading.ts'

const parts = z.array(z.looseObject({ type: z.string() }), 'must be a text or a list of parts')
const textPart = z.object({ type: z.string(), text: z.string() })
const chatImage = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string(), detail: ignored }),
})
const responsesImage = z.strictObject({
  type: z.literal('input_image'),
  image_url: z.string('must be a data URL; there are no uploaded files'),
  detail: ignored,
  file_id: z.null('must be absent: there are no uploaded files').optional(),
})
const fileFields = {
  file_data: z.string('must be a data URL; there are no uploaded files'),
  filename: z.string().max(500).nullish(),
}
const chatFile = z.strictObject({ type: z.literal('file'), file: z.strictObject(fileFields) })
const responsesFile = z.strictObject({ type: z.literal('input_file'), detail: ignored, ...fileFields })

/** The blocks of a message of a user. */
export function readBlocks(content: unknown, path: string): PromptBlock[] {
  if (typeof content === 'string') return toTexts(content)
  return read(parts, content, path).flatMap((part, index) => {
    const at = `${path}[${index}]`
    switch (part.type) {
      case 'text':
      case 'input_text':
      case 'output_text':
        return toTexts(read(textPart, part, at).text)
      case 'image_url':
        return [toImage(read(chatImage, part, at).image_url.url, `${at}.image_url.url`)]
      case 'input_image':
        return [toImage(read(responsesImage, part, at).image_url, `${at}.image_url`)]
      case 'file':
        return [toDocument(read(chatFile, part, at).file, `${at}.file`)]
      case 'input_file':
        return [toDocument(read(responsesFile, part, at), at)]
      default:
        throw badField(`${at}.type`, `must be a text, an image or a file, not ${toShown(part.type)}`)
    }
  })
}

/** A content that can only be text. */
export function readText(content: unknown, path: string): string {
  if (content === null || content === undefined) return ''
  if (typeof content === 'string') return content
  return read(parts, content, path)
    .map((part, index) => {
      const at = `${path}[${index}]`
      if (part.type === 'refusal') return read(z.looseObject({ refusal: z.string() }), part, at).refusal
      if (/^((input|output)_)?text$/.test(part.type)) return read(textPart, part, at).text
      throw badField(`${at}.type`, `must be a text, not ${toShown(part.type)}`)
    })
    .join('')
}

/** The result of a function. */
export function readResult(content: unknown, path: string): Result {
  if (typeof content === 'string') return content
  const blocks = readBlocks(content, path)
  return blocks.map((block, index) => {
    if (block.type === 'text') return block
    if (block.type === 'image' && block.source.type === 'base64') {
      return { type: 'image', data: block.source.data, mimeType: block.source.media_type }
    }
    throw badField(`${path}[${index}]`, 'must be a text or an image')
  })
}

function toTexts(text: string): PromptBlock[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function readDataUrl(url: string, path: string): { mediaType: string; data: string } {
  const [, mediaType, data] = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w-]+=[^;,]*)*;base64,(.+)$/s.exec(url) ?? []
  if (mediaType === undefined || data === undefined || !z.base64().safeParse(data).success) {
    throw badField(path, 'must be a data URL in base64: the server fetches nothing')
  }
  return { mediaType: mediaType.toLowerCase().replace('image/jpg', 'image/jpeg'), data }
}

function toImage(url: string, path: string): PromptBlock {
  const { mediaType, data } = readDataUrl(url, path)
  const type = imageMediaTypes.find(known => known === mediaType)
  if (!type) throw badField(path, `must be one of ${imageMediaTypes.join(', ')}`)
  return { type: 'image', source: { type: 'base64', media_type: type, data } }
}

function toDocument(
  { file_data: url, filename }: { file_data: string; filename?: string | null | undefined },
  path: string,
): PromptBlock {
  const at = `${path}.file_data`
  const { mediaType, data } = readDataUrl(url, at)
  const title = filename ? { title: filename } : {}
  if (mediaType === 'application/pdf') {
    return { type: 'document', ...title, source: { type: 'base64', media_type: mediaType, data } }
  }
  if (mediaType === 'text/plain') {
    const text = Buffer.from(data, 'base64').toString('utf8')
    return { type: 'document', ...title, source: { type: 'text', media_type: mediaType, data: text } }
  }
  throw badField(at, 'must be application/pdf or text/plain')
}

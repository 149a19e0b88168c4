import type { Prompt } from '../../client/index.ts'
import { imageMediaTypes } from '../../lib/media-type.ts'
import { shorten } from '../../lib/shorten.ts'
import type { UiMessage, UiPart } from './chat-request.ts'
import { Refusal } from './problems.ts'

type Block = Exclude<Prompt, string>[number]

/** Returns the prompt that a user's message is. */
export function toPrompt(message: UiMessage, path: string): Prompt {
  const blocks = toBlocks(message, path).map(({ block }) => block)
  const texts = blocks.flatMap(block => (block.type === 'text' ? block.text : []))
  if (blocks.length === 0) throw new Refusal(`${path}.parts: must have a text or a file`)
  return texts.length === blocks.length ? texts.join('\n\n') : blocks
}

/** The place in the client's message from which a field of the API's request comes, such as `prompt[0].source.data`. */
export function toPartPath(field: string, message: UiMessage, path: string): string {
  const [, index, rest = ''] = /^prompt(?:\[(\d+)\](.*))?$/s.exec(field) ?? []
  if (!/^prompt\b/.test(field)) return field
  const blocks = toBlocks(message, path)
  const found = index === undefined && blocks.length === 1 ? blocks[0] : blocks[Number(index)]
  if (!found) return `${path}.parts`
  if (found.block.type === 'text') return `${found.path}.text`
  if (rest === '.title') return `${found.path}.filename`
  return rest.endsWith('.media_type') ? `${found.path}.mediaType` : `${found.path}.url`
}

function toBlocks({ parts }: UiMessage, path: string): { block: Block; path: string }[] {
  return parts.flatMap((part, index) => {
    const place = `${path}.parts.${index}`
    const block = toBlock(part, place)
    return block ? { block, path: place } : []
  })
}

function toBlock(part: UiPart, path: string): Block | undefined {
  if (part.type === 'text') {
    if (typeof part.text !== 'string') throw new Refusal(`${path}.text: must be a string`)
    return part.text === '' ? undefined : { type: 'text', text: part.text }
  }
  if (part.type === 'file') return toFile(part, path)
  // Data of the page for itself, which models do not get either.
  if (part.type.startsWith('data-')) return undefined
  throw new Refusal(`${path}.type: must be text or file in a prompt, and not ${part.type}`)
}

function toFile({ url, mediaType, filename }: UiPart, path: string): Block {
  const found = typeof url === 'string' ? /^data:([^,;]*)[^,]*?(;base64)?,(.*)$/s.exec(url) : null
  if (!found) throw new Refusal(`${path}.url: must be a data URL; the server does not fetch files`)
  const [, declared = '', isBase64, content = ''] = found
  const type = typeof mediaType === 'string' && mediaType !== '' ? mediaType : declared
  const bytes = readBytes(content, isBase64 !== undefined, path)
  if (bytes.length === 0) throw new Refusal(`${path}.url: must not be an empty file`)
  const title = typeof filename === 'string' && filename !== '' ? { title: shorten(filename, 500) } : {}
  const imageType = imageMediaTypes.find(name => name === type)
  if (imageType) {
    const source = { type: 'base64' as const, media_type: imageType, data: bytes.toString('base64') }
    return { type: 'image', source }
  }
  if (type === 'application/pdf') {
    const source = { type: 'base64' as const, media_type: type, data: bytes.toString('base64') } as const
    return { type: 'document', ...title, source }
  }
  if (type.startsWith('text/') || /^application\/(json|xml|yaml|x-yaml)$/.test(type)) {
    const source = { type: 'text' as const, media_type: 'text/plain' as const, data: bytes.toString('utf8') }
    return { type: 'document', ...title, source }
  }
  throw new Refusal(
    `${path}.mediaType: must be ${imageMediaTypes.join(', ')}, application/pdf or a type of text`,
  )
}

function readBytes(content: string, isBase64: boolean, path: string): Buffer {
  const wrong = new Refusal(`${path}.url: must be a valid data URL`)
  try {
    const bytes = isBase64 ? Buffer.from(content, 'base64') : Buffer.from(decodeURIComponent(content))
    if (bytes.length > 0 || content === '') return bytes
  } catch {
    throw wrong
  }
  throw wrong
}

import type { ContentBlock, EmbeddedResource } from '@agentclientprotocol/sdk'
import { z } from 'zod'
import type { PromptBlock } from '../../client/index.ts'
import { checkPrompt } from '../../contract/check-input.ts'
import { type RequestIssue, ServiceError } from '../../contract/errors.ts'
import { agreesWith, detectMediaType, type ImageMediaType, imageMediaTypes } from '../../lib/media-type.ts'
import { shorten } from '../../lib/shorten.ts'
import { invalid } from './errors.ts'

/**
 * The prompt of the client as content blocks of the API.
 *
 * @throws RequestError that names the field, also where the API would refuse the prompt
 */
export function toPrompt(blocks: readonly ContentBlock[]): PromptBlock[] {
  const prompt = blocks.map((block, index) => toBlock(block, `prompt[${index}]`))
  try {
    checkPrompt(prompt)
  } catch (error) {
    throw inClientsWords(error, blocks)
  }
  return prompt
}

/** Whether the prompt is a slash command. */
export function isCommand([first]: readonly ContentBlock[]): boolean {
  return first?.type === 'text' && /^\/[\w-]/.test(first.text)
}

function toBlock(block: ContentBlock, field: string): PromptBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image': {
      const type = toType(block.mimeType)
      if (!isImage(type)) throw invalid(`${field}.mimeType`, `must be one of ${imageMediaTypes.join(', ')}`)
      return toImage(block.data, type)
    }
    case 'resource_link':
      return { type: 'text', text: `[${block.title ?? block.name}](${block.uri})` }
    case 'resource':
      return toResource(block.resource, `${field}.resource`)
    default:
      throw invalid(`${field}.type`, `content of the type ${block.type} is not supported`)
  }
}

function toResource(resource: EmbeddedResource['resource'], field: string): PromptBlock {
  const { uri } = resource
  if ('text' in resource) return toDocument(resource.text, uri)
  const { blob } = resource
  if (!base64.safeParse(blob).success) throw invalid(`${field}.blob`, 'must be Base64')
  const bytes = Buffer.from(blob, 'base64')
  const declared = toType(resource.mimeType)
  const detected = bytes.length === 0 ? 'text/plain' : detectMediaType(bytes)
  const isChecked = isImage(declared) || declared === 'application/pdf'
  if (!isChecked && detected && !agreesWith(declared || undefined, detected)) {
    throw invalid(`${field}.mimeType`, `${declared} must match the data, which is ${detected}`)
  }
  const type = isChecked ? declared : detected
  if (isImage(type)) return toImage(blob, type)
  if (type === 'application/pdf') {
    const title = shorten(uri, longestTitle)
    return { type: 'document', title, source: { type: 'base64', media_type: type, data: blob } }
  }
  if (type === 'text/plain') return toDocument(new TextDecoder().decode(bytes), uri)
  throw invalid(`${field}.blob`, `must be a text in UTF-8, application/pdf, ${imageMediaTypes.join(', ')}`)
}

const base64 = z.base64()
const longestTitle = 500

/** A text file. The title is the URI as it is, since a session that is loaded is shown the title as the URI. */
function toDocument(data: string, uri: string): PromptBlock {
  if (data === '') return { type: 'text', text: `The file ${uri} is empty.` }
  const title = shorten(uri, longestTitle)
  return { type: 'document', title, source: { type: 'text', media_type: 'text/plain', data } }
}

function toImage(data: string, type: ImageMediaType): PromptBlock {
  return { type: 'image', source: { type: 'base64', media_type: type, data } }
}

/** A media type without its parameters; empty: it is not known. */
function toType(mimeType: string | null | undefined): string {
  return (mimeType ?? '').replace(/;.*/s, '').trim().toLowerCase()
}

function isImage(type: string | undefined): type is ImageMediaType {
  return (imageMediaTypes as readonly (string | undefined)[]).includes(type)
}

/** Names the fields of the client in an error of the API's checks, in place of those of the API. */
function inClientsWords(error: unknown, blocks: readonly ContentBlock[]): unknown {
  if (!(error instanceof ServiceError)) return error
  const { issues: [issue] = [] } = (error.details ?? {}) as { issues?: RequestIssue[] }
  // A content that is too large is named at the beginning of the message.
  const [path = '', ...words] = issue ? [issue.path, issue.message] : error.message.split(' ')
  return invalid(toField(path, blocks), words.join(' '))
}

function toField(path: string, blocks: readonly ContentBlock[]): string {
  const [, index, rest = ''] = /^prompt\[(\d+)\](.*)$/s.exec(path) ?? []
  const block = blocks[Number(index)]
  if (!block) return path
  const field = `prompt[${index}]`
  switch (block.type) {
    case 'image':
      return `${field}${rest.endsWith('.media_type') ? '.mimeType' : '.data'}`
    case 'resource':
      return `${field}.resource.${toResourceField(rest, block.resource)}`
    case 'text':
      return `${field}.text`
    default:
      return field
  }
}

function toResourceField(rest: string, resource: EmbeddedResource['resource']): string {
  if (rest.endsWith('.title')) return 'uri'
  if (rest.endsWith('.media_type')) return 'mimeType'
  return 'text' in resource ? 'text' : 'blob'
}

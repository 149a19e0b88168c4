import type { ContentBlock, EmbeddedResource } from '@agentclientprotocol/sdk'
import type { PromptBlock } from '../../client/index.ts'
import { type ImageMediaType, imageMediaTypes } from '../../lib/media-type.ts'
import { invalid } from './errors.ts'

/** The prompt of the client as content blocks of the API. */
export function toPrompt(blocks: readonly ContentBlock[]): PromptBlock[] {
  return blocks.map((block, index) => toBlock(block, `prompt[${index}]`))
}

/** Whether the prompt is a slash command. */
export function isCommand([first]: readonly ContentBlock[]): boolean {
  return first?.type === 'text' && /^\/[\w-]/.test(first.text)
}

function toBlock(block: ContentBlock, field: string): PromptBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      return toImage(block.data, block.mimeType, field)
    case 'resource_link':
      return { type: 'text', text: `[${block.title ?? block.name}](${block.uri})` }
    case 'resource':
      return toResource(block.resource, `${field}.resource`)
    default:
      throw invalid(`${field}.type`, `content of the type ${block.type} is not supported`)
  }
}

function toResource(resource: EmbeddedResource['resource'], field: string): PromptBlock {
  const { uri, mimeType } = resource
  if ('text' in resource) {
    return {
      type: 'document',
      title: uri,
      source: { type: 'text', media_type: 'text/plain', data: resource.text },
    }
  }
  if (mimeType === 'application/pdf') {
    return {
      type: 'document',
      title: uri,
      source: { type: 'base64', media_type: mimeType, data: resource.blob },
    }
  }
  return toImage(resource.blob, mimeType ?? '', field)
}

function toImage(data: string, mimeType: string, field: string): PromptBlock {
  if (!isImage(mimeType)) {
    throw invalid(`${field}.mimeType`, `must be one of ${imageMediaTypes.join(', ')}`)
  }
  return { type: 'image', source: { type: 'base64', media_type: mimeType, data } }
}

function isImage(mimeType: string): mimeType is ImageMediaType {
  return (imageMediaTypes as readonly string[]).includes(mimeType)
}

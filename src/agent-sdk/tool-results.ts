import type { AnswerPermissionRequest } from '../client/index.ts'
import type { ToolResult } from './sdk-mcp-server.ts'

/** The answer to a call of a tool of the caller. */
type ToolAnswer = Pick<AnswerPermissionRequest, 'result' | 'error'>
type ResultBlock = Exclude<NonNullable<ToolAnswer['result']>, string>[number]
type ImageType = Extract<ResultBlock, { type: 'image' }>['mimeType']

/** The tool, as the program knows it. */
interface Called {
  server: string
  own: string
}

/**
 * The answer for a result of MCP.
 *
 * @throws Error for a result that Claude cannot be given
 */
export function toToolAnswer({ server, own }: Called, result: ToolResult): ToolAnswer {
  if (!isResult(result))
    throw new Error(`The tool ${own} must return an object with content, a list of blocks`)
  const { content = [], isError, structuredContent } = result
  const blocks = content.flatMap(block => toBlocks(server, block))
  if (isError) {
    const text = blocks.flatMap(block => (block.type === 'text' ? block.text : [])).join('\n')
    return { error: text === '' ? 'The tool failed' : text }
  }
  if (!structuredContent) return { result: blocks }
  // As in Claude Code, the data takes the place of its text, but not of images.
  const json = JSON.stringify(structuredContent)
  const others = blocks.filter(({ type }) => type !== 'text')
  return { result: others.length > 0 ? [...others, { type: 'text', text: json }] : json }
}

/** Results are those of a program that may not be typed. */
function isResult(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false
  const { content = [] } = result as { content?: unknown }
  return Array.isArray(content) && content.every(block => typeof block === 'object' && block !== null)
}

/** @throws Error for sound: Claude cannot hear it */
function toBlocks(server: string, block: NonNullable<ToolResult['content']>[number]): ResultBlock[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: block.text }]
    case 'image':
      return [{ type: 'image', data: block.data, mimeType: block.mimeType as ImageType }]
    case 'resource_link': {
      const description = block.description ? ` (${block.description})` : ''
      return [{ type: 'text', text: `[Resource link: ${block.name}] ${block.uri}${description}` }]
    }
    case 'resource': {
      const { resource } = block
      const label = `[Resource from ${server} at ${resource.uri}] `
      if ('text' in resource) return [{ type: 'text', text: label + resource.text }]
      const { blob, mimeType = 'unknown type' } = resource
      if (!isImage(mimeType)) return [{ type: 'text', text: `${label}Binary content (${mimeType})` }]
      return [
        { type: 'text', text: label },
        { type: 'image', data: blob, mimeType },
      ]
    }
    default:
      throw new Error(`A result of type ${block.type} cannot be given to Claude`)
  }
}

function isImage(mimeType: string): mimeType is ImageType {
  return ['image/png', 'image/jpeg', 'image/gif', 'image/webp'].includes(mimeType)
}

import type { AnswerPermissionRequest } from '../client/index.ts'
import type { ToolResult } from './sdk-mcp-server.ts'

/** The answer to a call of a tool of the caller. */
type ToolAnswer = Pick<AnswerPermissionRequest, 'result' | 'error'>
type ResultBlock = Exclude<NonNullable<ToolAnswer['result']>, string>[number]
type ImageType = Extract<ResultBlock, { type: 'image' }>['mimeType']

/**
 * The answer for a result of MCP.
 *
 * @throws Error for a result that Claude cannot be given
 */
export function toToolAnswer(tool: string, result: ToolResult): ToolAnswer {
  if (!isResult(result))
    throw new Error(`The tool ${tool} must return an object with content, a list of blocks`)
  const { content = [], isError, structuredContent } = result
  const blocks = content.map(toBlock)
  if (isError) {
    const text = blocks.flatMap(block => (block.type === 'text' ? block.text : [])).join('\n')
    return { error: text === '' ? 'The tool failed' : text }
  }
  if (structuredContent && blocks.length === 0) return { result: JSON.stringify(structuredContent) }
  return { result: blocks }
}

/** Results are those of a program that may not be typed. */
function isResult(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false
  const { content = [] } = result as { content?: unknown }
  return Array.isArray(content) && content.every(block => typeof block === 'object' && block !== null)
}

/** @throws Error for sound: Claude cannot hear it */
function toBlock(block: NonNullable<ToolResult['content']>[number]): ResultBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      return { type: 'image', data: block.data, mimeType: block.mimeType as ImageType }
    case 'resource_link':
      return { type: 'text', text: `[Resource link: ${block.name}] ${block.uri}` }
    case 'resource': {
      const { resource } = block
      if ('text' in resource) return { type: 'text', text: resource.text }
      return { type: 'text', text: `[Resource from ${resource.uri}, ${resource.mimeType ?? 'unknown type'}]` }
    }
    default:
      throw new Error(`A result of type ${block.type} cannot be given to Claude`)
  }
}

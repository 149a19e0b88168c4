import type { BlockView, ToolResultView } from '../../client/index.ts'
import type { Chunk } from './chunk.ts'

/** Returns the output of a call that is not of the client's. */
export function toOutputChunk(toolCallId: string, result: ToolResultView, isDenied: boolean): Chunk {
  const { blocks, isError } = result
  if (isDenied) return { type: 'tool-output-denied', toolCallId }
  const texts = textsOf(blocks)
  const text = texts.join('\n')
  if (isError) return { type: 'tool-output-error', toolCallId, errorText: text }
  const output = texts.length === blocks.length ? text : blocks.map(toOutput)
  return { type: 'tool-output-available', toolCallId, output }
}

export function textsOf(blocks: readonly BlockView[]): string[] {
  return blocks.flatMap(block => (block.type === 'text' ? block.text : []))
}

function toOutput(block: BlockView): unknown {
  if (block.type === 'text') return { type: 'text', text: block.text }
  return block.type === 'file' ? { type: block.kind, title: block.title, source: block.source } : block
}

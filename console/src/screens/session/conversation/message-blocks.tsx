import type { BlockView, MessageView } from '../../../../../src/client/index.ts'
import { CodeBlock } from '../../../code/code-block.tsx'
import { Markdown } from '../../../markdown/markdown.tsx'
import { FileBlock } from '../../../tools/file-block.tsx'
import { Contained } from '../../../ui/contained.tsx'
import { Fold } from '../../../ui/fold.tsx'
import { ToolCard } from './tool-card.tsx'

interface MessageBlocksProps {
  message: MessageView
  /** Whether its turn still runs. */
  isRunning: boolean
}

/** The content of a message, block by block. */
export function MessageBlocks({ message, isRunning }: MessageBlocksProps) {
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {message.blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: Blocks keep their places.
        <Contained key={index} fallback={<Unreadable value={block} />}>
          <Block block={block} name={`${message.id} ${index}`} isRunning={isRunning} />
        </Contained>
      ))}
    </div>
  )
}

/** In place of a block that the page cannot draw. */
function Unreadable({ value }: { value: unknown }) {
  return <CodeBlock code={JSON.stringify(value, null, 2) ?? ''} language="json" name="Block" />
}

interface BlockProps {
  block: BlockView
  name: string
  isRunning: boolean
}

function Block({ block, name, isRunning }: BlockProps) {
  switch (block.type) {
    case 'text':
      return <Markdown text={block.text} isStreaming={block.partialIndex !== null} />
    case 'thinking':
      return block.text === '' ? null : (
        <Fold name={name} title={<span className="text-xs text-muted italic">Thinking</span>}>
          <div className="border-l-2 border-line pl-3 text-muted">
            <Markdown text={block.text} isStreaming={block.partialIndex !== null} />
          </div>
        </Fold>
      )
    case 'tool_call':
      return (
        <ToolCard
          call={block}
          isRunning={isRunning}
          renderMessage={message => <MessageBlocks message={message} isRunning={isRunning} />}
        />
      )
    case 'file':
      return <FileBlock file={block} />
    case 'other':
      return <Unreadable value={block.value} />
  }
}

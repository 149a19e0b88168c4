import { memo, type ReactNode } from 'react'
import type { MessageView, TurnView } from '../../../../../src/client/index.ts'
import { OutputBlock } from '../../../code/output-block.tsx'
import { ShowMore, useCut } from '../../../code/show-more.tsx'
import { cx } from '../../../lib/class-names.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { Fold } from '../../../ui/fold.tsx'
import { Age } from '../../../ui/small-parts.tsx'
import { AttachedFile } from './attached-file.tsx'
import { IgnoredMentions } from './ignored-mentions.tsx'
import { MessageBlocks } from './message-blocks.tsx'

interface MessageRowProps {
  sessionId: string
  message: MessageView
  ignoredMentions: TurnView['ignoredMentions']
  isRunning: boolean
  /** Whether the page's address leads here. */
  isTarget: boolean
}

/** A message of the conversation. */
export const MessageRow = memo(function MessageRow({
  sessionId,
  message,
  ignoredMentions,
  isRunning,
  isTarget,
}: MessageRowProps) {
  const { role, notice, isSynthetic, isRewound } = message
  return (
    <div
      aria-current={isTarget ? 'location' : undefined}
      className={cx(
        isRewound && 'border-l-2 border-dashed border-line-strong pl-3',
        isTarget && 'rounded-md outline-2 outline-offset-2 outline-accent',
      )}
    >
      {notice === 'command' ? (
        <OutputBlock text={textOf(message)} name="Command output" />
      ) : notice === 'error' ? (
        <p className="rounded-md bg-bad-soft p-3 wrap-anywhere text-bad">
          <bdi>{textOf(message)}</bdi>
        </p>
      ) : role === 'system' ? (
        <Notice message={message} />
      ) : role === 'user' && isSynthetic ? (
        <Fold
          name={`synthetic ${message.id}`}
          title={<span className="text-xs text-muted">Claude Code added a message</span>}
        >
          <MessageBlocks message={message} isRunning={false} />
        </Fold>
      ) : role === 'user' ? (
        <Prompt sessionId={sessionId} message={message}>
          <IgnoredMentions mentions={ignoredMentions} />
        </Prompt>
      ) : (
        <MessageBlocks message={message} isRunning={isRunning} />
      )}
    </div>
  )
})

function textOf({ blocks }: MessageView): string {
  return blocks.map(block => (block.type === 'text' ? block.text : '')).join('\n')
}

function Notice({ message }: { message: MessageView }) {
  return (
    <p className="flex items-center gap-3 text-xs text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
      <bdi className="max-w-3/4 wrap-anywhere">{textOf(message)}</bdi>
    </p>
  )
}

const bound = { characters: 6_000, lines: 60 }

interface PromptProps extends Pick<MessageRowProps, 'sessionId' | 'message'> {
  children: ReactNode
}

function Prompt({ sessionId, message: { blocks, timestamp }, children }: PromptProps) {
  return (
    <div className="mt-3 rounded-lg border border-line bg-surface px-3 py-2">
      <h3 className="mb-0.5 flex items-center gap-2 text-2xs font-semibold text-muted">
        You {timestamp !== null && <Age of={timestamp} className="font-normal" />}
      </h3>
      <div className="flex flex-col items-start gap-2">
        {blocks.map((block, index) =>
          block.type === 'text' ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: Blocks keep their places.
            <PromptText key={index} text={block.text} />
          ) : block.type === 'file' ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: Blocks keep their places.
            <AttachedFile key={index} sessionId={sessionId} file={block} />
          ) : null,
        )}
        {children}
      </div>
    </div>
  )
}

function PromptText({ text }: { text: string }) {
  const { shown, isCut, more } = useCut(text, bound)
  return (
    <>
      <p dir="auto" className="max-w-full wrap-anywhere whitespace-pre-wrap">
        {revealText(shown)}
      </p>
      {isCut && <ShowMore shown={shown} of={text} onMore={more} />}
    </>
  )
}

import { Suspense } from 'react'
import { ShowMore, useCut } from '../code/show-more.tsx'
import { Contained } from '../ui/contained.tsx'
import { DeferredRendered } from './deferred-rendered.ts'
import { isTame } from './is-tame.ts'

const bound = { characters: 60_000, lines: 2_000 }

interface MarkdownProps {
  text: string
  /** Whether more of the text is about to come: what is not closed yet is closed. */
  isStreaming?: boolean
}

/** A text in Markdown that is not ours, such as the model's; cut at a bound. */
export function Markdown({ text, isStreaming = false }: MarkdownProps) {
  const { shown, isCut, more } = useCut(text, bound)
  const plain = (
    <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
      {shown}
    </p>
  )
  return (
    <div className="markdown min-w-0">
      {isTame(shown) ? (
        <Contained fallback={plain}>
          <Suspense fallback={plain}>
            <DeferredRendered text={shown} isStreaming={isStreaming} />
          </Suspense>
        </Contained>
      ) : (
        plain
      )}
      {isCut && <ShowMore shown={shown} of={text} onMore={more} />}
    </div>
  )
}

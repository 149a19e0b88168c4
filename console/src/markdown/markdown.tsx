import { Component, type ReactNode, Suspense } from 'react'
import { ShowMore, useCut } from '../code/show-more.tsx'
import { DeferredRendered } from './deferred-rendered.ts'

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
      <PlainOnError plain={plain}>
        <Suspense fallback={plain}>
          <DeferredRendered text={shown} isStreaming={isStreaming} />
        </Suspense>
      </PlainOnError>
      {isCut && <ShowMore shown={shown} of={text} onMore={more} />}
    </div>
  )
}

interface PlainOnErrorProps {
  plain: ReactNode
  children: ReactNode
}

/** Shows a text as it is if its parser fails, such as at ten thousand quotes within each other. */
class PlainOnError extends Component<PlainOnErrorProps, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override render() {
    return this.state.hasFailed ? this.props.plain : this.props.children
  }
}

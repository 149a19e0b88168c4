import { ArrowDown } from 'lucide-react'
import { type ReactNode, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { Button } from '../../../ui/button.tsx'
import type { Row } from './rows.ts'

interface MessageListProps {
  rows: readonly Row[]
  /** Whether rows were put before those that were shown. */
  isPrepend: boolean
  /** Whether it begins at its end, and not at a row. */
  beginsAtEnd: boolean
  /** The key of the row to begin at; null: it is not there yet. */
  target: string | null
  /** The key of the prompt that was sent last; null: none is on its way. */
  sent: string | null
  onNearTop: () => void
  renderRow: (row: Row) => ReactNode
  /** Stands above the rows, such as what is being loaded. Its height is fixed: see `topPx`. */
  top: ReactNode
  /** Stands below the rows and scrolls with them. */
  children: ReactNode
}

const topPx = 40
/** How much of what is above the target is shown. */
const aboveTargetPx = 24
/** So near the end counts as at the end. */
const nearPx = 48
/** So near the beginning is more of the past wanted. */
const nearTopPx = 1_500

/** The conversation as a list that renders what is seen, and stays at its end while one is there. */
export function MessageList({
  rows,
  isPrepend,
  beginsAtEnd,
  target,
  sent,
  onNearTop,
  renderRow,
  top,
  children,
}: MessageListProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const isStuck = useRef(beginsAtEnd)
  /** Until a person scrolls, the list stays at its target: what is drawn later changes the heights above and below it. */
  const isHeld = useRef(!beginsAtEnd)
  /** The box as it was last seen: what moves up in a box of the same height was moved by a person. */
  const last = useRef({ top: 0, height: 0 })
  const [isAway, setAway] = useState(false)

  const jump = () => {
    isStuck.current = true
    isHeld.current = false
    setAway(false)
    const box = scroller.current
    if (!box) return
    box.scrollTop = box.scrollHeight
    last.current = { top: box.scrollTop, height: box.scrollHeight }
  }
  const onSent = useEffectEvent(jump)
  const [firstSent] = useState(sent)
  useEffect(() => {
    // A person wants to see what they send.
    if (sent !== null && sent !== firstSent) onSent()
  }, [sent, firstSent])

  const targetIndex = target === null ? -1 : rows.findIndex(({ key }) => key === target)
  const isFound = targetIndex !== -1
  const toTarget = useEffectEvent(() =>
    list.current?.scrollToIndex(targetIndex, { align: 'start', offset: -aboveTargetPx }),
  )
  useLayoutEffect(() => {
    if (isFound) toTarget()
  }, [isFound])
  const onResize = useEffectEvent(() => {
    const box = scroller.current
    // The composer keeps this much free, and so has the same centre.
    if (box) {
      document.documentElement.style.setProperty('--scrollbar', `${box.offsetWidth - box.clientWidth}px`)
    }
    if (isStuck.current) jump()
    else if (isHeld.current && isFound) toTarget()
  })
  useEffect(() => {
    const observer = new ResizeObserver(() => onResize())
    if (content.current) observer.observe(content.current)
    if (scroller.current) observer.observe(scroller.current)
    return () => observer.disconnect()
  }, [])
  const release = () => {
    isHeld.current = false
  }

  const onScroll = () => {
    const box = scroller.current
    if (!box) return
    const left = box.scrollHeight - box.clientHeight - box.scrollTop
    const { top, height } = last.current
    last.current = { top: box.scrollTop, height: box.scrollHeight }
    if (left < nearPx && !isHeld.current) isStuck.current = true
    else if (box.scrollTop < top && box.scrollHeight === height) isStuck.current = false
    setAway(!isStuck.current && left > box.clientHeight / 2)
    if (box.scrollTop < nearTopPx) onNearTop()
  }

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onScroll={onScroll}
        onWheel={release}
        onPointerDown={release}
        onKeyDown={release}
        role="log"
        aria-label="Messages"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: The keyboard has to reach what scrolls.
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none] [scrollbar-gutter:stable]"
      >
        <div ref={content} className="mx-auto max-w-3xl px-3 pb-4 sm:px-4">
          <div style={{ height: topPx }} className="flex items-center justify-center text-xs text-muted">
            {top}
          </div>
          <Virtualizer ref={list} scrollRef={scroller} startMargin={topPx} data={rows} shift={isPrepend}>
            {row => (
              <div key={row.key} className="pb-3">
                {renderRow(row)}
              </div>
            )}
          </Virtualizer>
          {children}
        </div>
      </div>
      {isAway && (
        <Button size="small" onClick={jump} className="absolute bottom-3 left-1/2 -translate-x-1/2 shadow-lg">
          <ArrowDown aria-hidden className="size-3.5" /> Jump to latest
        </Button>
      )}
    </div>
  )
}

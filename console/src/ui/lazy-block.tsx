import { type ReactNode, useEffect, useRef, useState } from 'react'

interface LazyBlockProps {
  /** The height to hold until the content has been shown once, in pixels. */
  estimate: number
  className?: string
  children: () => ReactNode
}

/** How far around the window content is kept, in pixels. */
const margin = 1_200

/** Content that exists only near the window: long pages stay small, and their scroll bar stays right. */
export function LazyBlock({ estimate, className, children }: LazyBlockProps) {
  const block = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(false)
  const [height, setHeight] = useState(estimate)
  useEffect(() => {
    const element = block.current
    if (!element) return
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return
        // The focus would be lost with the content.
        if (!entry.isIntersecting && element.contains(document.activeElement)) return
        if (!entry.isIntersecting && entry.boundingClientRect.height > 0) {
          setHeight(entry.boundingClientRect.height)
        }
        setNear(entry.isIntersecting)
      },
      { root: scrollerOf(element), rootMargin: `${margin}px 0px` },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={block} className={className} style={isNear ? undefined : { height }}>
      {isNear && children()}
    </div>
  )
}

/** Margins count only around the element that scrolls. */
function scrollerOf(element: Element): Element | null {
  for (let parent = element.parentElement; parent; parent = parent.parentElement) {
    const { overflowY } = getComputedStyle(parent)
    if (overflowY === 'auto' || overflowY === 'scroll') return parent
  }
  return null
}

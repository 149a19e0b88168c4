import type { ReactNode } from 'react'

interface ScrollerProps {
  label: string
  className?: string
  children: ReactNode
}

/** A box that scrolls by itself, and can be reached by keyboard for that. */
export function Scroller({ label, className, children }: ScrollerProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: A fieldset is for controls.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: The keyboard has to reach it.
    <div role="group" aria-label={label} tabIndex={0} className={className}>
      {children}
    </div>
  )
}

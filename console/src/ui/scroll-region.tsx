import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'

interface ScrollRegionProps {
  /** Names the region for screen readers. */
  label: string
  className?: string
  children: ReactNode
}

/** Content that scrolls in itself, also by keyboard. It is not a landmark: a page may have hundreds. */
export function ScrollRegion({ label, className, children }: ScrollRegionProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: A fieldset is for controls.
    <div
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: A region that scrolls has to be reachable by keyboard.
      tabIndex={0}
      // Hidden texts for screen readers are placed against it, and must not make the page scroll.
      className={cx('relative overflow-auto outline-offset-[-2px]', className)}
    >
      {children}
    </div>
  )
}

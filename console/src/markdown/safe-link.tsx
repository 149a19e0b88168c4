import type { ReactNode } from 'react'
import { revealText } from '../lib/revealed-text.ts'

/** @returns an address that may be opened; null: it may not */
export function safeHref(href: string | undefined): string | null {
  if (href === undefined || !URL.canParse(href)) return null
  const { protocol, username, password } = new URL(href)
  // Text before an @ looks like the host.
  if (username !== '' || password !== '') return null
  return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : null
}

/** A link of a text that is not ours; its tooltip is where it really leads. Other addresses are text. */
export function SafeLink({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  const safe = safeHref(href)
  if (safe === null) return <span>{children}</span>
  return (
    <a href={safe} target="_blank" rel="noreferrer noopener" title={revealText(safe)}>
      <bdi>{children}</bdi>
    </a>
  )
}

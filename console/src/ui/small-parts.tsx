import { Check, Copy } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { cx } from '../lib/class-names.ts'
import { formatAge, formatDue, formatTime } from '../lib/format.ts'
import { useNow } from '../lib/use-now.ts'
import { IconButton } from './button.tsx'

const tones = {
  neutral: 'bg-hover text-muted',
  accent: 'bg-accent-soft text-accent-strong',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}
export type Tone = keyof typeof tones

export function Badge({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={cx(
        'inline-flex max-w-full shrink-0 items-center gap-1 truncate rounded px-1.5 text-2xs leading-5 font-medium',
        tones[tone],
      )}
    >
      {children}
    </span>
  )
}

/** How long ago, with the exact time as its tooltip. */
export function Age({ of, className }: { of: string; className?: string }) {
  const now = useNow()
  return (
    <time dateTime={of} title={formatTime(of)} className={cx('whitespace-nowrap', className)}>
      {formatAge(of, now)}
    </time>
  )
}

/** How soon, or how long ago, with the exact time as its tooltip. */
export function Due({ at }: { at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={formatTime(at)} className="whitespace-nowrap">
      {formatDue(at, now)}
    </time>
  )
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="rounded border border-current/40 px-1 font-mono text-2xs text-current/90">{children}</kbd>
  )
}

/** Copies a text, and says that it did. */
export function CopyButton({
  text,
  label = 'Copy',
  className,
}: {
  text: string | (() => string)
  label?: string
  className?: string
}) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
    setCopied(true)
  }
  return (
    <IconButton label={copied ? 'Copied' : label} size="small" onClick={copy} className={className}>
      {copied ? <Check aria-hidden className="size-3.5" /> : <Copy aria-hidden className="size-3.5" />}
    </IconButton>
  )
}

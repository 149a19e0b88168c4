import type { ReactNode } from 'react'
import { revealText } from '../lib/revealed-text.ts'

/** A path, in full, with what is said about it. */
export function PathLine({ path, children }: { path: string; children?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <code className="font-mono text-xs wrap-anywhere" dir="ltr">
        {revealText(path)}
      </code>
      {children}
    </div>
  )
}

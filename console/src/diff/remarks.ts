import type { ReactNode } from 'react'
import type { DiffLine, Side } from './patch.ts'

/** A line that a remark can be about. */
export interface LineRef {
  side: Side
  line: number
  text: string
}

/** Lets people pick lines, and shows something below them. */
export interface Remarks {
  onPick: (line: LineRef) => void
  below: (line: LineRef) => ReactNode
}

export function refOf({ kind, old: before, new: after, text }: DiffLine): LineRef {
  if (kind === 'removed') return { side: 'old', line: before ?? 0, text }
  return { side: 'new', line: after ?? 0, text }
}

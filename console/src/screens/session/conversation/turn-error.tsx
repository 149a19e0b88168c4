import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { TurnError as Shown } from '../../../../../src/client/index.ts'
import { AnsiText } from '../../../code/ansi-text.tsx'
import { formatTime } from '../../../lib/format.ts'
import { ScrollRegion } from '../../../ui/scroll-region.tsx'

interface TurnErrorProps {
  error: Shown
  /** The text of Claude Code about it; null: none. */
  notice: string | null
  children?: ReactNode
}

/** Why a turn failed. */
export function TurnError({ error, notice, children }: TurnErrorProps) {
  return (
    <div className="mb-1 flex gap-2 rounded-md bg-bad-soft p-3 text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-col items-start gap-1">
        <p className="wrap-anywhere">
          <bdi>{error.message}</bdi>
        </p>
        {notice !== null && notice.trim() !== error.message.trim() && (
          <ScrollRegion label="Notice" className="max-h-40 w-full text-xs whitespace-pre-wrap wrap-anywhere">
            <AnsiText>{notice}</AnsiText>
          </ScrollRegion>
        )}
        <p className="font-mono text-2xs">{error.reason}</p>
        {error.retryAt !== undefined && <p>It can be run again at {formatTime(error.retryAt)}.</p>}
        {children}
      </div>
    </div>
  )
}

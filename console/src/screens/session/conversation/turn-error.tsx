import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { TurnError as Shown } from '../../../../../src/client/index.ts'
import { formatTime } from '../../../lib/format.ts'

/** Why a turn failed. */
export function TurnError({ error, children }: { error: Shown; children?: ReactNode }) {
  return (
    <div className="mb-1 flex gap-2 rounded-md bg-bad-soft p-3 text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-col items-start gap-1">
        <p className="wrap-anywhere">
          <bdi>{error.message}</bdi>
        </p>
        <p className="font-mono text-2xs">{error.reason}</p>
        {error.retryAt !== undefined && <p>It can be run again at {formatTime(error.retryAt)}.</p>}
        {children}
      </div>
    </div>
  )
}

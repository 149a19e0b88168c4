import type { Preset } from '../../../../src/client/index.ts'
import { useLogin } from '../../api/login-context.tsx'
import { revealText } from '../../lib/revealed-text.ts'
import { Age } from '../../ui/small-parts.tsx'

/** Who made a version, and when. */
export function MadeBy({ preset: { createdBy, createdAt } }: { preset: Preset }) {
  const { caller } = useLogin()
  return (
    <span className="flex min-w-0 gap-1 text-xs text-muted">
      <Age of={createdAt} />
      <span className="min-w-0 truncate">
        by {createdBy === caller.keyId ? 'you' : <bdi title="Id of the key">{revealText(createdBy)}</bdi>}
      </span>
    </span>
  )
}

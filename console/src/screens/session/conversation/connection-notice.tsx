import type { ShownConversation } from '../../../api/conversation-store.ts'

/** Says that what is shown may be old. */
export function ConnectionNotice({ phase }: Pick<ShownConversation, 'phase'>) {
  return (
    <div role="status">
      {phase === 'reconnecting' && (
        <p className="bg-warn-soft px-4 py-1.5 text-center text-xs text-warn">
          The connection was lost. Reconnecting…
        </p>
      )}
    </div>
  )
}

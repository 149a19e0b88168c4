import { FileText } from 'lucide-react'
import { useEffect } from 'react'
import type { Conversation } from '../../../../../src/client/index.ts'
import type { Outgoing } from '../../../api/outbox.ts'
import { outbox, returnToDraft, useOutbox } from '../../../api/use-outbox.ts'
import { cutText } from '../../../lib/cut-text.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { Button } from '../../../ui/button.tsx'
import { describeError } from '../../../ui/describe-error.ts'

const bound = { characters: 2_000, lines: 20 }

/** The prompts of a session that its conversation does not show yet. */
export function useOutgoing(sessionId: string, { turns, queue }: Conversation): readonly Outgoing[] {
  const all = useOutbox(sessionId)
  const appeared = all.filter(
    ({ turnId }) => turnId !== null && (queue.includes(turnId) || turns.some(turn => turn.turnId === turnId)),
  )
  useEffect(() => {
    for (const { key } of appeared) outbox.remove(sessionId, key)
  })
  return all.filter(entry => !appeared.includes(entry))
}

interface OutgoingPromptsProps {
  sessionId: string
  prompts: readonly Outgoing[]
  /** Called with a failed prompt whose text is back in the draft. */
  onEdit: (prompt: Outgoing) => void
}

/** The prompts that are being sent, or could not be. */
export function OutgoingPrompts({ sessionId, prompts, onEdit }: OutgoingPromptsProps) {
  const edit = (prompt: Outgoing) => {
    outbox.remove(sessionId, prompt.key)
    returnToDraft(sessionId, prompt.text)
    onEdit(prompt)
  }
  return prompts.map(prompt => (
    <article
      key={prompt.key}
      aria-label="Your prompt"
      className="mt-3 mb-3 rounded-lg border border-dashed border-line-strong bg-surface px-3 py-2"
    >
      <h3 className="mb-0.5 text-2xs font-semibold text-muted">You</h3>
      <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
        {revealText(cutText(prompt.text, bound))}
      </p>
      {prompt.files.length > 0 && (
        <ul className="mt-1 flex flex-wrap gap-2 text-xs text-muted">
          {prompt.files.map(({ key, name }) => (
            <li key={key} className="flex min-w-0 items-center gap-1">
              <FileText aria-hidden className="size-3.5 shrink-0" />
              <bdi className="truncate">{revealText(name)}</bdi>
            </li>
          ))}
        </ul>
      )}
      {prompt.state === 'failed' ? (
        <Failure error={prompt.error}>
          <Button size="small" onClick={() => outbox.retry(sessionId, prompt.key)}>
            Retry
          </Button>
          <Button size="small" onClick={() => edit(prompt)}>
            Edit
          </Button>
        </Failure>
      ) : (
        <p role="status" className="mt-1 text-xs text-muted">
          {prompt.state === 'sent' ? 'Sent' : 'Sending…'}
        </p>
      )}
    </article>
  ))
}

function Failure({ error, children }: { error: unknown; children: React.ReactNode }) {
  const { title, advice } = describeError(error)
  return (
    <div role="alert" className="mt-1 flex flex-wrap items-center gap-2 text-xs text-bad">
      <p className="min-w-0 flex-1 basis-48 wrap-anywhere">
        Not sent: {title}
        {advice !== null && `. ${advice}`}
      </p>
      {children}
    </div>
  )
}

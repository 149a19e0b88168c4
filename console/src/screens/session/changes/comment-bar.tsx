import { useState } from 'react'
import { useLocation } from 'wouter'
import { client } from '../../../api/connection.ts'
import { bottomBar } from '../../../lib/bottom-bars.ts'
import { countOf } from '../../../lib/format.ts'
import { stored } from '../../../lib/stored.ts'
import { PathName } from '../../../parts/path-name.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'
import { say } from '../../../ui/toasts.tsx'
import { type Comments, isWritten } from './comments.ts'
import { composePrompt } from './compose-prompt.ts'

interface CommentBarProps {
  sessionId: string
  comments: Comments
}

/** Turns the comments into the next prompt. */
export function CommentBar({ sessionId, comments: { comments, remove, clear } }: CommentBarProps) {
  const [, navigate] = useLocation()
  const [isOpen, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const written = comments.filter(isWritten)
  if (comments.length === 0) return null
  const count = countOf(written.length, 'comment')

  const finish = (title: string) => {
    clear()
    setOpen(false)
    say(title)
    navigate(`/sessions/${sessionId}`)
  }
  const addToDraft = () => {
    const name = `draft.${sessionId}`
    const draft = stored.get(name)?.trimEnd()
    stored.set(name, [draft, composePrompt(written)].filter(Boolean).join('\n\n'))
    finish(`${count} added to your draft`)
  }
  const send = async () => {
    setBusy(true)
    setError(null)
    try {
      await client.session(sessionId).submit(composePrompt(written))
      finish(`${count} sent`)
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }

  return (
    <div
      ref={bottomBar}
      className="flex flex-wrap items-center gap-2 border-t border-line bg-surface px-3 py-2"
    >
      <p role="status" className="mr-auto font-medium">
        {count}
      </p>
      <Button variant="primary" disabled={written.length === 0} onClick={() => setOpen(true)}>
        Send comments
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={setOpen}
        title={`Send ${count}`}
        description="They become a prompt that names each line."
        footer={
          <>
            <Button onClick={addToDraft} disabled={busy}>
              Add to draft
            </Button>
            <Button variant="primary" onClick={send} busy={busy}>
              Send now
            </Button>
          </>
        }
      >
        {error != null && <ErrorNotice error={error} className="mb-3" />}
        <ul className="flex flex-col gap-3">
          {written.map(comment => (
            <li key={`${comment.side} ${comment.line} ${comment.path}`} className="flex items-start gap-2">
              <div className="min-w-0 flex-1">
                <PathName path={comment.path} />
                <p className="text-xs text-muted">
                  {comment.side === 'old' ? 'Removed line' : 'Line'} {comment.line}
                </p>
                <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{comment.comment}</p>
              </div>
              <Button size="small" variant="ghost" onClick={() => remove(comment)}>
                Delete
              </Button>
            </li>
          ))}
        </ul>
      </Dialog>
    </div>
  )
}

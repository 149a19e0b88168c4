import { type FormEvent, useId, useState } from 'react'
import type { Session, SessionSummary } from '../../../src/client/index.ts'
import { usePatchSession } from '../api/sessions.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/form.tsx'
import { ErrorNotice } from '../ui/notices.tsx'

/** Words between commas, each once. */
function splitTags(text: string): string[] {
  const tags = text.split(',').map(tag => tag.trim())
  return [...new Set(tags)].filter(tag => tag !== '')
}

/** Changes how a session is called and found. */
export function TagsDialog({ session, onClose }: { session: Session | SessionSummary; onClose: () => void }) {
  const [title, setTitle] = useState(session.title ?? '')
  const [tags, setTags] = useState(session.tags.join(', '))
  const patch = usePatchSession(session.sessionId)
  const form = useId()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const named = title.trim()
    // An untouched title stays Claude's to change.
    const renamed = named === (session.title ?? '') ? {} : { title: named || null }
    patch.mutate({ ...renamed, tags: splitTags(tags) }, { onSuccess: onClose })
  }
  return (
    <Dialog
      open
      onOpenChange={open => !open && onClose()}
      title="Title and tags"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={patch.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={submit}
        onChange={() => patch.isError && patch.reset()}
        className="flex flex-col gap-3"
      >
        <Field label="Title">
          {props => (
            <Input
              {...props}
              maxLength={500}
              value={title}
              onChange={event => setTitle(event.target.value)}
            />
          )}
        </Field>
        <Field label="Tags" hint="Separated by commas">
          {props => <Input {...props} value={tags} onChange={event => setTags(event.target.value)} />}
        </Field>
        {patch.isError && <ErrorNotice error={patch.error} />}
      </form>
    </Dialog>
  )
}

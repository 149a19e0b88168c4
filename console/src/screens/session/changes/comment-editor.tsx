import { type KeyboardEvent, useEffect, useRef } from 'react'
import { Button } from '../../../ui/button.tsx'
import { TextArea } from '../../../ui/form.tsx'

interface CommentEditorProps {
  label: string
  value: string
  onChange: (value: string) => void
  onDone: () => void
  onRemove: () => void
}

/** Writes a comment; every letter is kept at once. */
export function CommentEditor({ label, value, onChange, onDone, onRemove }: CommentEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' || (event.key === 'Enter' && (event.ctrlKey || event.metaKey))) {
      event.preventDefault()
      event.stopPropagation()
      onDone()
    }
  }
  return (
    <div className="flex max-w-2xl flex-col gap-2 p-2">
      <TextArea
        ref={field}
        aria-label={label}
        placeholder="What should Claude change here?"
        value={value}
        onChange={event => onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="flex gap-2">
        <Button size="small" variant="primary" onClick={onDone} disabled={value.trim() === ''}>
          Done
        </Button>
        <Button size="small" onClick={onRemove}>
          Delete
        </Button>
      </div>
    </div>
  )
}

interface CommentCardProps {
  label: string
  comment: string
  onEdit: () => void
  onRemove: () => void
}

/** A comment that is written. */
export function CommentCard({ label, comment, onEdit, onRemove }: CommentCardProps) {
  return (
    <div className="flex max-w-2xl flex-wrap items-start gap-2 p-2">
      <p className="min-w-0 flex-1 basis-48 whitespace-pre-wrap [overflow-wrap:anywhere]">{comment}</p>
      <Button size="small" variant="ghost" aria-label={`Edit the comment on ${label}`} onClick={onEdit}>
        Edit
      </Button>
      <Button size="small" variant="ghost" aria-label={`Delete the comment on ${label}`} onClick={onRemove}>
        Delete
      </Button>
    </div>
  )
}

import { type FormEvent, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Checkbox, Field, TextArea } from '../../ui/form.tsx'
import type { Answer } from './use-answer.ts'

interface DenyFormProps {
  answer: Answer
  label?: string
  onCancel: () => void
}

/** Denies, with a word for Claude that tells it what to do instead. */
export function DenyForm({ answer, label = 'Deny', onCancel }: DenyFormProps) {
  const [message, setMessage] = useState('')
  const [interrupt, setInterrupt] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    answer.mutate({ decision: 'deny', message: message.trim() || undefined, interrupt })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2 border-t border-line p-3">
      <Field label="A word to Claude" hint="Why not, or what to do instead. It may stay empty.">
        {props => (
          <TextArea
            {...props}
            autoFocus
            rows={2}
            maxLength={10_000}
            value={message}
            onChange={event => setMessage(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Escape') onCancel()
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
            }}
          />
        )}
      </Field>
      <Checkbox
        label="Also stop the turn"
        checked={interrupt}
        onChange={event => setInterrupt(event.target.checked)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="danger" busy={answer.isPending}>
          {label}
        </Button>
      </div>
    </form>
  )
}

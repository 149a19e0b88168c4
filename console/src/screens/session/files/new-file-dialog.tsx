import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { flushSync } from 'react-dom'
import { ApiError } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { workspaceKey } from '../../../api/workspace.ts'
import { leaveUnsaved, useUnsaved } from '../../../lib/unsaved.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field, Input, TextArea } from '../../../ui/form.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'

interface NewFileDialogProps {
  sessionId: string
  /** The path of the directory with a slash at its end; empty: the working directory. */
  prefix: string
  open: boolean
  onOpenChange: (open: boolean) => void
  onCreated: (path: string) => void
}

/** Creates a text file. */
export function NewFileDialog({ open, onOpenChange, ...form }: NewFileDialogProps) {
  const [hasText, setHasText] = useState(false)
  const isUnsaved = open && hasText
  useUnsaved(isUnsaved)
  const close = () => {
    setHasText(false)
    onOpenChange(false)
  }
  return (
    <Dialog open={open} onOpenChange={() => leaveUnsaved(close, isUnsaved)} title="New file">
      <NewFileForm {...form} onText={setHasText} onDone={close} />
    </Dialog>
  )
}

interface NewFileFormProps extends Omit<NewFileDialogProps, 'open' | 'onOpenChange'> {
  onText: (hasText: boolean) => void
  onDone: () => void
}

function NewFileForm({ sessionId, prefix, onCreated, onText, onDone }: NewFileFormProps) {
  const queries = useQueryClient()
  const id = useId()
  const [path, setPath] = useState(prefix)
  const [text, setText] = useState('')
  const create = useMutation({
    mutationFn: () =>
      client.call('writeFile', {
        params: { sessionId },
        query: { path },
        headers: { 'If-None-Match': '*' },
        body: text,
      }),
    onSuccess: ({ path: created }) => {
      // The page may move now: the content is saved.
      flushSync(onDone)
      onCreated(created)
      return queries.invalidateQueries({ queryKey: workspaceKey(sessionId) })
    },
  })
  const isTaken = create.error instanceof ApiError && create.error.code === 'PRECONDITION_FAILED'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate()
  }
  return (
    <form
      id={id}
      onSubmit={submit}
      onChange={() => create.isError && create.reset()}
      className="flex flex-col gap-3"
    >
      <Field
        label="Path"
        hint="Directories that do not exist are created."
        error={isTaken ? 'A file of this name is there already.' : undefined}
      >
        {props => (
          <Input
            {...props}
            required
            autoFocus
            spellCheck={false}
            autoCapitalize="off"
            className="font-mono"
            value={path}
            onChange={event => setPath(event.target.value)}
          />
        )}
      </Field>
      <Field label="Content">
        {props => (
          <TextArea
            {...props}
            spellCheck={false}
            className="h-48 font-mono"
            value={text}
            onChange={event => {
              setText(event.target.value)
              onText(event.target.value !== '')
            }}
          />
        )}
      </Field>
      {create.error && !isTaken && <ErrorNotice error={create.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" variant="primary" busy={create.isPending} disabled={path.trim() === ''}>
          Create
        </Button>
      </div>
    </form>
  )
}

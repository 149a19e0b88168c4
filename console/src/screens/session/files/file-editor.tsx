import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import { ApiError } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { workspaceKey } from '../../../api/workspace.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { useUnsaved } from '../../../lib/unsaved.ts'
import { Button } from '../../../ui/button.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'
import { say } from '../../../ui/toasts.tsx'
import { lineBreakOf } from './text-of.ts'

interface FileEditorProps {
  sessionId: string
  path: string
  /** The version that was opened: a newer one may be loaded while it is edited. */
  text: string
  etag: string
  onDone: () => void
}

/** Edits a text file in place. */
export function FileEditor({ sessionId, path, text, etag, onDone }: FileEditorProps) {
  const queries = useQueryClient()
  const [edited, setEdited] = useState(text.replaceAll('\r\n', '\n'))
  useUnsaved(edited !== text.replaceAll('\r\n', '\n'))
  const save = useMutation({
    mutationFn: (isForced: boolean) =>
      client.call('writeFile', {
        params: { sessionId },
        query: { path },
        headers: isForced ? {} : { 'If-Match': etag },
        // A text field knows one line break only.
        body: edited.replaceAll('\n', lineBreakOf(text) ?? '\n'),
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: workspaceKey(sessionId) })
      say('Saved')
      onDone()
    },
  })
  const hasChanged = save.error instanceof ApiError && save.error.code === 'PRECONDITION_FAILED'
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    save.mutate(false)
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {hasChanged && (
        <p role="alert" className="bg-warn-soft px-3 py-2 text-warn">
          The file has changed since you opened it. Saving again replaces that change.
        </p>
      )}
      {save.error && !hasChanged && <ErrorNotice error={save.error} className="m-2" />}
      <textarea
        aria-label={`Content of ${revealName(path)}`}
        spellCheck={false}
        dir="ltr"
        value={edited}
        onChange={event => setEdited(event.target.value)}
        onKeyDown={onKeyDown}
        className="min-h-0 flex-1 resize-none bg-canvas p-3 font-mono text-base leading-5 outline-offset-[-2px] sm:text-xs [tab-size:4]"
      />
      <div className="flex justify-end gap-2 border-t border-line p-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button variant="primary" busy={save.isPending} onClick={() => save.mutate(hasChanged)}>
          {hasChanged ? 'Save anyway' : 'Save'}
        </Button>
      </div>
    </div>
  )
}

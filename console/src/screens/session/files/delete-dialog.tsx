import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiError } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { workspaceKey } from '../../../api/workspace.ts'
import { PathName } from '../../../parts/path-name.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'

interface DeleteDialogProps {
  sessionId: string
  path: string
  /** The version of the file that was seen; absent: any. */
  etag?: string | undefined
  isDirectory?: boolean
  open: boolean
  onOpenChange: (open: boolean) => void
  onDeleted: () => void
}

/** Asks before something is deleted. */
export function DeleteDialog(props: DeleteDialogProps) {
  const { sessionId, path, etag, isDirectory = false, open, onOpenChange, onDeleted } = props
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (isForced: boolean) =>
      client.call('deleteFile', {
        params: { sessionId },
        query: { path, recursive: isDirectory },
        headers: { 'If-Match': isForced ? undefined : etag || undefined },
      }),
    onSuccess: () => {
      onOpenChange(false)
      onDeleted()
      return queries.invalidateQueries({ queryKey: workspaceKey(sessionId) })
    },
  })
  const hasChanged = remove.error instanceof ApiError && remove.error.code === 'PRECONDITION_FAILED'
  return (
    <Dialog
      open={open}
      onOpenChange={next => {
        remove.reset()
        onOpenChange(next)
      }}
      title={isDirectory ? 'Delete the directory?' : 'Delete the file?'}
      description={isDirectory ? 'Everything in it is deleted too.' : 'It cannot be brought back from here.'}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button variant="danger" busy={remove.isPending} onClick={() => remove.mutate(hasChanged)}>
            {hasChanged ? 'Delete anyway' : 'Delete'}
          </Button>
        </>
      }
    >
      <PathName path={path} />
      {hasChanged && <p className="mt-2 text-warn">The file has changed since you opened it.</p>}
      {remove.error && !hasChanged && <ErrorNotice error={remove.error} className="mt-2" />}
    </Dialog>
  )
}

import { PathName } from '../../../parts/path-name.tsx'
import { Button } from '../../../ui/button.tsx'
import { describeError } from '../../../ui/describe-error.ts'
import { Dialog } from '../../../ui/dialog.tsx'
import type { Uploads } from './use-uploads.ts'

/** Names the files that were not uploaded, and asks whether those that are there are to be replaced. */
export function UploadDialog({ failed, replace, forget, current }: Uploads) {
  const conflicts = failed.filter(({ isConflict }) => isConflict)
  return (
    <Dialog
      open={failed.length > 0}
      onOpenChange={open => !open && forget()}
      title={failed.length === 1 ? 'A file was not uploaded' : `${failed.length} files were not uploaded`}
      footer={
        <>
          <Button onClick={forget}>{conflicts.length > 0 ? 'Keep the old files' : 'Close'}</Button>
          {conflicts.length > 0 && (
            <Button variant="danger" busy={current !== null} onClick={() => replace(conflicts)}>
              {conflicts.length === 1 ? 'Replace the file' : `Replace ${conflicts.length} files`}
            </Button>
          )}
        </>
      }
    >
      <ul className="flex flex-col gap-2">
        {failed.map(({ path, error, isConflict }) => {
          const { title, advice } = describeError(error)
          return (
            <li key={path}>
              <PathName path={path} />
              <p className="text-xs text-bad">
                {isConflict
                  ? 'A file of this name is there already.'
                  : [title, advice].filter(Boolean).join(': ')}
              </p>
            </li>
          )
        })}
      </ul>
    </Dialog>
  )
}

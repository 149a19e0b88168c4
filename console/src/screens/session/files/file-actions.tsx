import { Archive, FilePlus, RefreshCw, Trash2, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { archiveAddress } from '../../../api/workspace.ts'
import { PathName } from '../../../parts/path-name.tsx'
import { buttonClasses, IconButton } from '../../../ui/button.tsx'
import { DeleteDialog } from './delete-dialog.tsx'
import { NewFileDialog } from './new-file-dialog.tsx'

interface FileActionsProps {
  sessionId: string
  /** The directory that is chosen; empty: the working directory. */
  directory: string
  mayWrite: boolean
  isUploading: boolean
  onUpload: (files: readonly File[]) => void
  onOpen: (path: string) => void
  onDeleted: () => void
  onRefresh: () => void
}

/** The actions on the chosen directory. */
export function FileActions(props: FileActionsProps) {
  const { sessionId, directory, mayWrite } = props
  const input = useRef<HTMLInputElement>(null)
  const [dialog, setDialog] = useState<'new' | 'delete' | null>(null)
  const icon = 'size-4'
  return (
    <div className="flex items-center gap-1 border-b border-line px-2 py-1">
      <div className="min-w-0 flex-1 px-1 text-xs text-muted">
        {directory === '' ? 'Working directory' : <PathName path={directory} />}
      </div>
      {mayWrite && (
        <>
          <IconButton label="New file" size="small" onClick={() => setDialog('new')}>
            <FilePlus aria-hidden className={icon} />
          </IconButton>
          <IconButton
            label="Upload files"
            size="small"
            busy={props.isUploading}
            onClick={() => input.current?.click()}
          >
            <Upload aria-hidden className={icon} />
          </IconButton>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="Files to upload"
            onChange={event => {
              props.onUpload([...(event.target.files ?? [])])
              event.target.value = ''
            }}
          />
        </>
      )}
      <a
        href={archiveAddress(sessionId, directory)}
        download
        aria-label="Download as an archive"
        title="Download as an archive"
        className={`${buttonClasses('ghost', 'small')} aspect-square !px-0`}
      >
        <Archive aria-hidden className={icon} />
      </a>
      {mayWrite && directory !== '' && (
        <IconButton label="Delete the directory" size="small" onClick={() => setDialog('delete')}>
          <Trash2 aria-hidden className={icon} />
        </IconButton>
      )}
      <IconButton label="Refresh" size="small" onClick={props.onRefresh}>
        <RefreshCw aria-hidden className={icon} />
      </IconButton>
      <NewFileDialog
        sessionId={sessionId}
        prefix={directory === '' ? '' : `${directory}/`}
        open={dialog === 'new'}
        onOpenChange={open => setDialog(open ? 'new' : null)}
        onCreated={props.onOpen}
      />
      <DeleteDialog
        sessionId={sessionId}
        path={directory}
        isDirectory
        open={dialog === 'delete'}
        onOpenChange={open => setDialog(open ? 'delete' : null)}
        onDeleted={props.onDeleted}
      />
    </div>
  )
}

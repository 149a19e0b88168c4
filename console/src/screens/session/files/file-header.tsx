import { ArrowLeft, Download, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { FileContent } from '../../../api/file-content.ts'
import { archiveAddress, fileAddress } from '../../../api/workspace.ts'
import { formatBytes } from '../../../lib/format.ts'
import { PathName } from '../../../parts/path-name.tsx'
import { buttonClasses, IconButton } from '../../../ui/button.tsx'
import { DeleteDialog } from './delete-dialog.tsx'

interface FileHeaderProps {
  sessionId: string
  path: string
  isDirectory?: boolean
  content?: FileContent
  mayDelete?: boolean
  onClose: () => void
  onEdit?: (() => void) | undefined
}

/** The path of the shown file, and the actions on it. */
export function FileHeader({
  sessionId,
  path,
  isDirectory,
  content,
  mayDelete,
  onClose,
  onEdit,
}: FileHeaderProps) {
  const [isDeleting, setDeleting] = useState(false)
  return (
    <header className="flex items-center gap-1 border-b border-line px-2 py-1">
      <IconButton label="Back to the files" size="small" className="md:hidden" onClick={onClose}>
        <ArrowLeft aria-hidden className="size-4" />
      </IconButton>
      <h2 className="min-w-0 flex-1 px-1">
        <PathName path={path} />
      </h2>
      {content && <span className="shrink-0 text-2xs text-muted">{formatBytes(content.sizeBytes)}</span>}
      {onEdit && (
        <IconButton label="Edit" size="small" onClick={onEdit}>
          <Pencil aria-hidden className="size-4" />
        </IconButton>
      )}
      <a
        href={isDirectory ? archiveAddress(sessionId, path) : fileAddress(sessionId, path)}
        download={isDirectory ? true : path.slice(path.lastIndexOf('/') + 1)}
        aria-label={isDirectory ? 'Download as an archive' : 'Download'}
        title={isDirectory ? 'Download as an archive' : 'Download'}
        className={`${buttonClasses('ghost', 'small')} aspect-square !px-0`}
      >
        <Download aria-hidden className="size-4" />
      </a>
      {mayDelete && (
        <IconButton label="Delete" size="small" onClick={() => setDeleting(true)}>
          <Trash2 aria-hidden className="size-4" />
        </IconButton>
      )}
      <DeleteDialog
        sessionId={sessionId}
        path={path}
        etag={content?.etag}
        open={isDeleting}
        onOpenChange={setDeleting}
        onDeleted={onClose}
      />
    </header>
  )
}

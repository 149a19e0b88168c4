import { useQueryClient } from '@tanstack/react-query'
import { FolderTree } from 'lucide-react'
import { type DragEvent, useState } from 'react'
import type { FileEntry } from '../../../../../src/client/index.ts'
import { useMay } from '../../../api/login-context.tsx'
import { useSession } from '../../../api/sessions.ts'
import { useFreshWorkspace, workspaceKey } from '../../../api/workspace.ts'
import { cx } from '../../../lib/class-names.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { useMedia } from '../../../lib/use-media.ts'
import { useParameter } from '../../../lib/use-parameter.ts'
import { EmptyState } from '../../../ui/notices.tsx'
import { say } from '../../../ui/toasts.tsx'
import { FileActions } from './file-actions.tsx'
import { FileTree } from './file-tree.tsx'
import { FileView } from './file-view.tsx'
import { UploadDialog } from './upload-dialog.tsx'
import { useUploads } from './use-uploads.ts'

/** The files in a session's directory. */
export default function FilesTab({ sessionId }: { sessionId: string }) {
  const mayRead = useMay('workspace:read')
  if (mayRead) return <Files sessionId={sessionId} />
  return (
    <EmptyState icon={<FolderTree aria-hidden />} title="Your key may not see files">
      Log in with a key that has the permission workspace:read.
    </EmptyState>
  )
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** The directories above a path, so that the tree shows it. */
function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) parents.push(parent)
  return parents
}

function Files({ sessionId }: { sessionId: string }) {
  const queries = useQueryClient()
  const [parameter, setParameter] = useParameter('path')
  const path = parameter ?? ''
  const session = useSession(sessionId)
  const mayWrite = useMay('workspace:write') && session.data?.status === 'active'
  const hasRoom = useMedia('(min-width: 48rem)')
  const [directory, setDirectory] = useState(parentOf(path))
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set(parentsOf(path)))
  const [isDropTarget, setDropTarget] = useState(false)
  const uploads = useUploads(sessionId)
  useFreshWorkspace(sessionId)

  const open = (next: string | null) => setParameter(next === '' ? null : next)
  const toggle = (toggled: string) =>
    setExpanded(before => {
      const next = new Set(before)
      if (!next.delete(toggled)) next.add(toggled)
      return next
    })
  const select = (entry: FileEntry) => {
    setDirectory(entry.type === 'directory' ? entry.path : parentOf(entry.path))
    if (entry.type !== 'directory') open(entry.path)
  }
  const upload = async (files: readonly File[]) => {
    if (files.length === 0) return
    const count = await uploads.upload(files, directory)
    if (count > 0) say(count === 1 ? 'Uploaded a file' : `Uploaded ${count} files`)
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setDropTarget(false)
    upload([...event.dataTransfer.files])
  }
  const takesFiles = (event: DragEvent) => mayWrite && event.dataTransfer.types.includes('Files')

  return (
    <div className="flex h-full min-h-0">
      {(hasRoom || path === '') && (
        // biome-ignore lint/a11y/noStaticElementInteractions: Dropping is another way to use the button.
        <div
          className={cx(
            'flex min-h-0 min-w-0 flex-col md:w-80 md:shrink-0 md:border-r md:border-line max-md:flex-1',
            isDropTarget && 'bg-accent-soft',
          )}
          onDragOver={event => {
            if (!takesFiles(event)) return
            event.preventDefault()
            setDropTarget(true)
          }}
          onDragLeave={() => setDropTarget(false)}
          onDrop={event => takesFiles(event) && onDrop(event)}
        >
          <FileActions
            sessionId={sessionId}
            directory={directory}
            mayWrite={mayWrite}
            isUploading={uploads.current !== null}
            onUpload={upload}
            onOpen={open}
            onDeleted={() => setDirectory(parentOf(directory))}
            onRefresh={() => queries.invalidateQueries({ queryKey: workspaceKey(sessionId) })}
          />
          <p role="status" className={cx('px-3 text-xs text-muted', uploads.current !== null && 'py-1')}>
            {uploads.current !== null && `Uploading ${revealName(uploads.current)}…`}
          </p>
          <div className="relative min-h-0 flex-1 overflow-y-auto">
            <FileTree
              sessionId={sessionId}
              selected={path === '' ? directory : path}
              expanded={expanded}
              onToggle={toggle}
              onSelect={select}
            />
          </div>
        </div>
      )}
      {(hasRoom || path !== '') && (
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {path === '' ? (
            <EmptyState icon={<FolderTree aria-hidden />} title="No file is open">
              Choose one in the tree{mayWrite && ', or drop files there to upload them'}.
            </EmptyState>
          ) : (
            <FileView key={path} sessionId={sessionId} path={path} mayWrite={mayWrite} onOpen={open} />
          )}
        </div>
      )}
      <UploadDialog {...uploads} />
    </div>
  )
}

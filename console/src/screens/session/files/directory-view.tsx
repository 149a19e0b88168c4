import { useDirectory } from '../../../api/workspace.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { Button } from '../../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { FileHeader } from './file-header.tsx'

interface DirectoryViewProps {
  sessionId: string
  path: string
  onOpen: (path: string | null) => void
}

/** A directory that a link leads to. */
export function DirectoryView({ sessionId, path, onOpen }: DirectoryViewProps) {
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = useDirectory(sessionId, path)
  const entries = data?.pages.flatMap(page => page.entries) ?? []
  return (
    <>
      <FileHeader sessionId={sessionId} path={path} isDirectory onClose={() => onOpen(null)} />
      <div className="relative min-h-0 flex-1 overflow-y-auto">
        {error && <ErrorNotice error={error} onRetry={() => refetch()} className="m-3" />}
        {isPending && <SkeletonLines count={6} label="Loading the directory" />}
        {data && entries.length === 0 && <EmptyState title="The directory is empty" />}
        <ul className="py-1">
          {entries.map(entry => (
            <li key={entry.path}>
              <button
                type="button"
                onClick={() => onOpen(entry.path)}
                className="target flex w-full items-center px-4 py-1 text-left font-mono text-xs hover:bg-hover"
              >
                <bdi className="min-w-0 truncate">
                  {revealName(entry.name)}
                  {entry.type === 'directory' && '/'}
                </bdi>
              </button>
            </li>
          ))}
        </ul>
        {hasNextPage && (
          <Button size="small" className="m-3" onClick={() => fetchNextPage()}>
            Show more
          </Button>
        )}
      </div>
    </>
  )
}

import { GitCompare } from 'lucide-react'
import { useMay } from '../../../api/login-context.tsx'
import { useSession } from '../../../api/sessions.ts'
import { readPatch, useDiff, useFreshWorkspace, useNewestTurns } from '../../../api/workspace.ts'
import { downloadText } from '../../../lib/download.ts'
import { countOf } from '../../../lib/format.ts'
import { useStored } from '../../../lib/stored.ts'
import { useMedia } from '../../../lib/use-media.ts'
import { useParameter } from '../../../lib/use-parameter.ts'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { say, sayError } from '../../../ui/toasts.tsx'
import { ChangedFiles } from './changed-files.tsx'
import { CommentBar } from './comment-bar.tsx'
import { useComments } from './comments.ts'
import { Counts } from './counts.tsx'
import { DiffNotices } from './diff-notices.tsx'
import { Toolbar } from './toolbar.tsx'
import { useOpenFiles } from './use-open-files.ts'
import { useViewed } from './viewed.ts'

/** The changes in a session's directory, since it began or since before a turn. */
export default function ChangesTab({ sessionId }: { sessionId: string }) {
  const mayRead = useMay('workspace:read')
  if (mayRead) return <Changes sessionId={sessionId} />
  return (
    <EmptyState icon={<GitCompare aria-hidden />} title="Your key may not see changes">
      Log in with a key that has the permission workspace:read.
    </EmptyState>
  )
}

function Changes({ sessionId }: { sessionId: string }) {
  const [turnId, setTurnId] = useParameter('since')
  const since = turnId ?? 'session'
  const diff = useDiff(sessionId, since)
  const turns = useNewestTurns(sessionId)
  const session = useSession(sessionId)
  const comments = useComments(sessionId)
  const [storedMode, setMode] = useStored('diff.view')
  const hasRoom = useMedia('(min-width: 48rem)')
  const viewed = useViewed(sessionId)
  const open = useOpenFiles(viewed.isViewed)
  const mayWrite = useMay('sessions:write')
  useFreshWorkspace(sessionId)

  const mayComment = mayWrite && session.data?.status === 'active'
  const mode = hasRoom && storedMode === 'split' ? 'split' : 'unified'
  const files = diff.data?.files ?? []
  const download = async () => {
    try {
      const { text, isCut } = await readPatch(sessionId, since)
      downloadText(`${sessionId}.patch`, text, 'text/x-diff')
      if (isCut) say('The patch is not complete', 'It was cut at its end, because it is too large.')
    } catch (error) {
      sayError(error)
    }
  }

  return (
    <div className="flex h-full min-h-0 flex-col">
      <Toolbar
        since={since}
        turns={turns.data ?? []}
        onSinceChange={next => setTurnId(next === 'session' ? null : next)}
        mode={mode}
        onModeChange={hasRoom ? setMode : undefined}
        isAllOpen={files.length > 0 && files.every(open.isOpen)}
        onAllOpenChange={isOpen => open.setAll(files, isOpen)}
        onDownload={download}
        onRefresh={() => diff.refetch()}
        isEmpty={files.length === 0}
        isBusy={diff.isFetching}
      >
        {diff.data && files.length > 0 && (
          <p className="flex items-center gap-2 text-xs text-muted">
            {countOf(files.length, 'file')}
            <Counts {...diff.data} />
          </p>
        )}
      </Toolbar>
      {diff.error && <ErrorNotice error={diff.error} onRetry={() => diff.refetch()} className="m-3" />}
      {diff.isPending && <SkeletonLines count={8} label="Loading the changes" />}
      {diff.data && (
        <>
          <DiffNotices diff={diff.data} />
          {files.length > 0 ? (
            <ChangedFiles
              key={since}
              sessionId={sessionId}
              since={since}
              files={files}
              mode={mode}
              open={open}
              viewed={viewed}
              comments={mayComment ? comments : undefined}
            />
          ) : (
            <EmptyState icon={<GitCompare aria-hidden />} title="Nothing has changed">
              {since === 'session'
                ? 'Changes that Claude makes to files appear here.'
                : 'No file has changed since this turn began.'}
            </EmptyState>
          )}
        </>
      )}
      {mayComment && <CommentBar sessionId={sessionId} comments={comments} />}
    </div>
  )
}

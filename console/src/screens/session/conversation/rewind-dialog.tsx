import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RewoundFiles } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import { sessionKey } from '../../../api/sessions.ts'
import { countOf } from '../../../lib/format.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Checkbox } from '../../../ui/form.tsx'
import { ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { say } from '../../../ui/toasts.tsx'

interface RewindDialogProps {
  sessionId: string
  turnId: string
  onClose: () => void
}

/** Takes turns back, after it has shown what this does to the files. */
export function RewindDialog({ sessionId, turnId, onClose }: RewindDialogProps) {
  const [conversation, setConversation] = useState(true)
  const [files, setFiles] = useState(true)
  const [overwriteOthers, setOverwrite] = useState(false)
  const params = { sessionId }
  const preview = useQuery({
    queryKey: [...sessionKey(sessionId), 'rewind', turnId, overwriteOthers],
    queryFn: ({ signal }) => {
      const body = { toTurnId: turnId, files: true, overwriteOthers, dryRun: true }
      return client.call('rewindSession', { params, body }, { signal })
    },
    retry: false,
    gcTime: 0,
  })
  const rewind = useMutation({
    mutationFn: () =>
      client.call('rewindSession', {
        params,
        body: { toTurnId: turnId, conversation, files, ...(files && { overwriteOthers }) },
      }),
    onSuccess({ turnIds, files: changed }) {
      const count = changed?.restored.length ?? 0
      say('Rewound', `${countOf(turnIds.length, 'turn')} taken back, ${countOf(count, 'file')} restored.`)
      onClose()
    },
  })
  const { data } = preview
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Rewind to before this turn"
      description="Its turns stay readable, folded away."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="danger"
            disabled={!(conversation || files) || !data}
            busy={rewind.isPending}
            onClick={() => rewind.mutate()}
          >
            Rewind
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-2">
        <Checkbox
          label={
            data
              ? `Claude forgets ${countOf(data.turnIds.length, 'turn')}`
              : 'Claude forgets this turn and all later ones'
          }
          checked={conversation}
          onChange={event => setConversation(event.target.checked)}
        />
        <Checkbox label="Restore files" checked={files} onChange={event => setFiles(event.target.checked)} />
        {preview.isPending && <SkeletonLines count={3} label="Reading what would change" />}
        {preview.isError && <ErrorNotice error={preview.error} onRetry={preview.refetch} />}
        {files && data?.files && (
          <Files files={data.files}>
            <Checkbox
              label="Also files that something else has changed since; those changes are lost"
              checked={overwriteOthers}
              onChange={event => setOverwrite(event.target.checked)}
            />
          </Files>
        )}
        {rewind.isError && <ErrorNotice error={rewind.error} />}
      </div>
    </Dialog>
  )
}

const actions = { modify: 'Restored', create: 'Created again', delete: 'Deleted' }
const reasons: Record<RewoundFiles['skipped'][number]['reason'], string> = {
  changed_by_others: 'something else has changed it since',
  too_large: 'too large to be kept',
  lost: 'its earlier content is lost',
  outside: "outside the session's directories",
  not_writable: 'cannot be written',
  not_allowed: 'programs are started from it',
}

function Files({ files, children }: { files: RewoundFiles; children: React.ReactNode }) {
  const { restored, skipped, untracked } = files
  return (
    <div className="flex flex-col gap-3 rounded-md border border-line p-3">
      {restored.length === 0 && <p className="text-muted">No file changes.</p>}
      <ul className="flex flex-col gap-1">
        {restored.map(({ path, action, insertions, deletions }) => (
          <li key={path} className="flex items-baseline gap-2 text-xs">
            <span className="w-24 shrink-0 text-muted">{actions[action]}</span>
            <code className="min-w-0 flex-1 font-mono wrap-anywhere">{revealText(path)}</code>
            {insertions !== null && <span className="text-good">+{insertions}</span>}
            {deletions !== null && <span className="text-bad">−{deletions}</span>}
          </li>
        ))}
      </ul>
      {skipped.length > 0 && (
        <div>
          <p className="text-xs font-semibold">Not restored</p>
          <ul className="text-xs">
            {skipped.map(({ path, reason }) => (
              <li key={path} className="wrap-anywhere">
                <code className="font-mono">{revealText(path)}</code>: {reasons[reason]}
              </li>
            ))}
          </ul>
        </div>
      )}
      {untracked.length > 0 && (
        <p className="text-xs text-warn">
          {countOf(untracked.length, 'call')} of commands or MCP tools may have changed files without a
          record. Such changes are not restored.
        </p>
      )}
      {skipped.some(({ reason }) => reason === 'changed_by_others') && children}
    </div>
  )
}

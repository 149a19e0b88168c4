import { Archive, ArchiveRestore, CircleStop, Copy, Download, Ellipsis, GitFork, Tags } from 'lucide-react'
import { useState } from 'react'
import type { Session } from '../../../../src/client/index.ts'
import { useMay } from '../../api/login-context.tsx'
import { usePatchSession } from '../../api/sessions.ts'
import { EndSessionDialog } from '../../parts/end-session-dialog.tsx'
import { TagsDialog } from '../../parts/tags-dialog.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { say, sayError } from '../../ui/toasts.tsx'
import { downloadExport } from './download-export.ts'
import { useFork } from './use-fork.ts'

const formats = [
  { format: 'markdown', label: 'Export as Markdown' },
  { format: 'html', label: 'Export as HTML' },
  { format: 'json', label: 'Export as JSON' },
] as const

interface ActionsProps {
  session: Session
}

/** The actions on a session as a whole. */
export function SessionActions({ session }: ActionsProps) {
  const { sessionId, status } = session
  const mayWrite = useMay('sessions:write')
  const [dialog, setDialog] = useState<'tags' | 'end' | null>(null)
  const patch = usePatchSession(sessionId)
  const { mayFork, fork } = useFork(sessionId)
  const copyId = () => navigator.clipboard.writeText(sessionId).then(() => say('Id copied'), sayError)
  return (
    <>
      <Menu
        trigger={
          <IconButton label="Session actions">
            <Ellipsis aria-hidden className="size-4" />
          </IconButton>
        }
      >
        {mayWrite && (
          <MenuItem icon={<Tags aria-hidden />} onSelect={() => setDialog('tags')}>
            Title and tags
          </MenuItem>
        )}
        {mayFork && (
          <MenuItem icon={<GitFork aria-hidden />} onSelect={() => fork()}>
            Fork
          </MenuItem>
        )}
        {formats.map(({ format, label }) => (
          <MenuItem
            key={format}
            icon={<Download aria-hidden />}
            onSelect={() => downloadExport(sessionId, format).catch(sayError)}
          >
            {label}
          </MenuItem>
        ))}
        <MenuItem icon={<Copy aria-hidden />} onSelect={copyId}>
          Copy id
        </MenuItem>
        {mayWrite && (
          <MenuItem
            icon={session.archived ? <ArchiveRestore aria-hidden /> : <Archive aria-hidden />}
            onSelect={() => patch.mutate({ archived: !session.archived }, { onError: sayError })}
          >
            {session.archived ? 'Take out of the archive' : 'Archive'}
          </MenuItem>
        )}
        {mayWrite && status === 'active' && (
          <MenuItem danger icon={<CircleStop aria-hidden />} onSelect={() => setDialog('end')}>
            End session
          </MenuItem>
        )}
      </Menu>
      {dialog === 'tags' && <TagsDialog session={session} onClose={() => setDialog(null)} />}
      {dialog === 'end' && <EndSessionDialog session={session} onClose={() => setDialog(null)} />}
    </>
  )
}

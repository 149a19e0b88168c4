import { Archive, ArchiveRestore, CircleStop, Copy, Download, Ellipsis, GitFork, Pencil } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Session } from '../../../../src/client/index.ts'
import { useMay } from '../../api/login-context.tsx'
import { useEndSession, usePatchSession } from '../../api/sessions.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/form.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'
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
  const [dialog, setDialog] = useState<'rename' | 'end' | null>(null)
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
          <MenuItem icon={<Pencil aria-hidden />} onSelect={() => setDialog('rename')}>
            Rename
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
      {dialog === 'rename' && <RenameDialog session={session} onClose={() => setDialog(null)} />}
      {dialog === 'end' && <EndDialog session={session} onClose={() => setDialog(null)} />}
    </>
  )
}

interface DialogProps extends ActionsProps {
  onClose: () => void
}

function RenameDialog({ session, onClose }: DialogProps) {
  const [title, setTitle] = useState(session.title ?? '')
  const patch = usePatchSession(session.sessionId)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    patch.mutate({ title: title.trim() || null }, { onSuccess: onClose })
  }
  return (
    <Dialog open onOpenChange={onClose} title="Rename session">
      <form onSubmit={submit} className="flex flex-col gap-3">
        <Field label="Title" hint="Empty: the session has none.">
          {props => (
            <Input
              {...props}
              autoFocus
              maxLength={500}
              value={title}
              onChange={event => setTitle(event.target.value)}
            />
          )}
        </Field>
        {patch.isError && <ErrorNotice error={patch.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={patch.isPending}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function EndDialog({ session, onClose }: DialogProps) {
  const end = useEndSession(session.sessionId)
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="End this session?"
      description="A running turn is interrupted, and no more prompts are taken. Its conversation stays readable."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="danger"
            busy={end.isPending}
            onClick={() => end.mutate(undefined, { onSuccess: onClose })}
          >
            End session
          </Button>
        </>
      }
    >
      {'removeOnEnd' in session.workspace && session.workspace.removeOnEnd && (
        <p>Its workspace is removed with everything in it.</p>
      )}
      {end.isError && <ErrorNotice error={end.error} />}
    </Dialog>
  )
}

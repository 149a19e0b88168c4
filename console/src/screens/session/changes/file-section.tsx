import { useMutation } from '@tanstack/react-query'
import { ChevronDown, ChevronRight, Download, Ellipsis, FileText } from 'lucide-react'
import { useLocation } from 'wouter'
import type { DiffResponse, FileDiff } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import type { DiffMode } from '../../../diff/diff-view.tsx'
import { PatchDiff } from '../../../diff/patch-diff.tsx'
import type { Remarks } from '../../../diff/remarks.ts'
import { downloadText } from '../../../lib/download.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { PathName } from '../../../parts/path-name.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Menu, MenuItem } from '../../../ui/menu.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'
import { Badge, type Tone } from '../../../ui/small-parts.tsx'
import { Counts } from './counts.tsx'

interface FileSectionProps {
  sessionId: string
  since: string
  file: FileDiff
  mode: DiffMode
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  isViewed: boolean
  onViewedChange: (isViewed: boolean) => void
  remarks: Remarks | undefined
}

const tones: Record<FileDiff['status'], Tone> = {
  added: 'good',
  modified: 'warn',
  deleted: 'bad',
  renamed: 'accent',
}

/** The changes of one file. */
export function FileSection(props: FileSectionProps) {
  const { file, isOpen, onOpenChange, isViewed, onViewedChange } = props
  const name = revealName(file.path)
  return (
    <section aria-label={name} className="overflow-clip rounded-lg border border-line bg-canvas">
      <header className="sticky top-0 z-10 flex flex-wrap items-center gap-x-2 border-b border-line bg-surface px-1.5 py-1">
        <IconButton
          size="small"
          label={`${isOpen ? 'Collapse' : 'Expand'} ${name}`}
          aria-expanded={isOpen}
          onClick={() => onOpenChange(!isOpen)}
        >
          {isOpen ? (
            <ChevronDown aria-hidden className="size-4" />
          ) : (
            <ChevronRight aria-hidden className="size-4" />
          )}
        </IconButton>
        <h2 className="flex min-w-0 flex-1 basis-32 items-center gap-1">
          {file.oldPath !== undefined && (
            <>
              <PathName path={file.oldPath} className="shrink" />
              <span className="shrink-0 text-muted">→</span>
            </>
          )}
          <PathName path={file.path} />
        </h2>
        <div className="ml-auto flex items-center gap-1 sm:gap-2">
          <span className="max-sm:sr-only">
            <Badge tone={tones[file.status]}>{file.status}</Badge>
          </span>
          <Counts insertions={file.insertions} deletions={file.deletions} />
          <label
            className="target flex items-center justify-center gap-1.5 text-xs text-muted"
            title="Viewed"
          >
            <input
              type="checkbox"
              className="size-4"
              checked={isViewed}
              onChange={event => onViewedChange(event.target.checked)}
            />
            <span className="max-sm:sr-only">
              Viewed<span className="sr-only"> {name}</span>
            </span>
          </label>
          <FileMenu {...props} />
        </div>
      </header>
      {isOpen && <Content {...props} />}
    </section>
  )
}

function FileMenu({ sessionId, file }: FileSectionProps) {
  const [, navigate] = useLocation()
  const { path, diff, status } = file
  return (
    <Menu
      trigger={
        <IconButton size="small" label={`More for ${revealName(path)}`}>
          <Ellipsis aria-hidden className="size-4" />
        </IconButton>
      }
    >
      <MenuItem
        icon={<FileText aria-hidden />}
        disabled={status === 'deleted'}
        onSelect={() => navigate(`/sessions/${sessionId}/files?${new URLSearchParams({ path })}`)}
      >
        Open the file
      </MenuItem>
      <MenuItem
        icon={<Download aria-hidden />}
        disabled={diff === undefined}
        onSelect={() =>
          downloadText(`${path.slice(path.lastIndexOf('/') + 1)}.patch`, diff ?? '', 'text/x-diff')
        }
      >
        Download as a patch
      </MenuItem>
    </Menu>
  )
}

function Content({ sessionId, since, file, mode, remarks }: FileSectionProps) {
  const load = useMutation({
    mutationFn: async () => {
      const query = { since, path: file.path, format: 'files' as const }
      const { files } = (await client.call('getDiff', { params: { sessionId }, query })) as DiffResponse
      return files.find(({ path }) => path === file.path)?.diff ?? null
    },
  })
  const diff = file.diff ?? load.data
  if (diff) return <PatchDiff patch={diff} path={file.path} view={mode} remarks={remarks} />
  if (file.binary) return <Note>This file is not text.</Note>
  if (load.data === null) return <Note>This diff is too large for the server to show.</Note>
  return (
    <Note>
      This diff was left out, because there are too many.{' '}
      <Button size="small" busy={load.isPending} onClick={() => load.mutate()}>
        Load it
      </Button>
      {load.error && <ErrorNotice error={load.error} className="mt-2" />}
    </Note>
  )
}

function Note({ children }: { children: React.ReactNode }) {
  return <div className="px-3 py-2 text-xs text-muted">{children}</div>
}

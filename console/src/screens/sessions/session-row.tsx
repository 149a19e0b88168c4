import {
  Archive,
  ArchiveRestore,
  CircleStop,
  Ellipsis,
  GitBranch,
  GitFork,
  Network,
  Tags,
} from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { SessionSummary } from '../../../../src/client/index.ts'
import { useMay } from '../../api/login-context.tsx'
import { titleOf, usePatchSession } from '../../api/sessions.ts'
import { formatCost, shortPath } from '../../lib/format.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { EndSessionDialog } from '../../parts/end-session-dialog.tsx'
import { StateBadge } from '../../parts/session-state.tsx'
import { TagLinks } from '../../parts/tag-links.tsx'
import { TagsDialog } from '../../parts/tags-dialog.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { Age, Badge } from '../../ui/small-parts.tsx'
import { sayError } from '../../ui/toasts.tsx'
import { SubagentTree } from './subagent-tree.tsx'

/** One session: its state, title, place, cost and last activity, and what can be done with it. */
export function SessionRow({ session }: { session: SessionSummary }) {
  const [dialog, setDialog] = useState<'tags' | 'end' | null>(null)
  const [isOpen, setIsOpen] = useState(false)
  const { sessionId, cwd, branch, costUsd, tags, lastActivity, forkedFrom, openRequests } = session
  const title = titleOf(session)
  return (
    <div className="border-b border-line">
      <div className="flex items-center gap-1 pr-2 hover:bg-surface">
        <div className="relative flex min-w-0 flex-1 flex-col gap-0.5 py-2 pl-4">
          <div className="flex min-w-0 items-center gap-2">
            <StateBadge session={session} />
            {session.archived && <Badge>Archived</Badge>}
            {openRequests > 1 && <Badge tone="warn">{openRequests} waiting</Badge>}
            {/* The link covers the whole row but the tags, which lead elsewhere. */}
            <Link
              href={`/sessions/${sessionId}`}
              title={title}
              className="min-w-0 truncate font-medium outline-offset-[-2px] after:absolute after:inset-0"
            >
              <bdi>{title}</bdi>
            </Link>
            <TagLinks tags={tags} />
          </div>
          <div className="flex min-w-0 items-center gap-3 text-xs text-muted">
            <bdi className="truncate" title={revealText(cwd)}>
              {revealText(shortPath(cwd))}
            </bdi>
            {branch !== null && (
              <span className="flex min-w-0 items-center gap-1">
                <GitBranch aria-hidden className="size-3 shrink-0" />
                <bdi className="truncate">{revealText(branch)}</bdi>
              </span>
            )}
            {forkedFrom && (
              <span className="hidden items-center gap-1 sm:flex">
                <GitFork aria-hidden className="size-3" /> fork
              </span>
            )}
            <span className="ml-auto shrink-0 tabular-nums">{formatCost(costUsd)}</span>
            <Age of={lastActivity} className="w-16 shrink-0 text-right tabular-nums" />
          </div>
        </div>
        <Actions session={session} onDialog={setDialog} onTree={() => setIsOpen(!isOpen)} />
      </div>
      {isOpen && <SubagentTree sessionId={sessionId} />}
      {dialog === 'tags' && <TagsDialog session={session} onClose={() => setDialog(null)} />}
      {dialog === 'end' && <EndSessionDialog session={session} onClose={() => setDialog(null)} />}
    </div>
  )
}

interface ActionsProps {
  session: SessionSummary
  onDialog: (dialog: 'tags' | 'end') => void
  onTree: () => void
}

function Actions({ session, onDialog, onTree }: ActionsProps) {
  const mayWrite = useMay('sessions:write')
  const patch = usePatchSession(session.sessionId)
  const archive = () => patch.mutate({ archived: !session.archived }, { onError: sayError })
  return (
    <Menu
      trigger={
        <IconButton label={`Actions of ${titleOf(session)}`}>
          <Ellipsis aria-hidden className="size-4" />
        </IconButton>
      }
    >
      <MenuItem icon={<Network aria-hidden />} onSelect={onTree}>
        Subagents and tasks
      </MenuItem>
      {mayWrite && (
        <>
          <MenuItem icon={<Tags aria-hidden />} onSelect={() => onDialog('tags')}>
            Title and tags
          </MenuItem>
          <MenuItem
            icon={session.archived ? <ArchiveRestore aria-hidden /> : <Archive aria-hidden />}
            onSelect={archive}
          >
            {session.archived ? 'Take out of the archive' : 'Archive'}
          </MenuItem>
          {session.status === 'active' && (
            <MenuItem icon={<CircleStop aria-hidden />} danger onSelect={() => onDialog('end')}>
              End session
            </MenuItem>
          )}
        </>
      )}
    </Menu>
  )
}

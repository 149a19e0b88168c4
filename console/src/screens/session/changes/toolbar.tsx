import { ChevronsDownUp, ChevronsUpDown, Download, RefreshCw } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Turn } from '../../../../../src/client/index.ts'
import type { DiffMode } from '../../../diff/diff-view.tsx'
import { revealName } from '../../../lib/revealed-name.ts'
import { IconButton } from '../../../ui/button.tsx'
import { Segmented, Select } from '../../../ui/form.tsx'

interface ToolbarProps {
  since: string
  turns: readonly Turn[]
  onSinceChange: (since: string) => void
  mode: DiffMode
  /** Absent: the view cannot be changed here. */
  onModeChange: ((mode: DiffMode) => void) | undefined
  isAllOpen: boolean
  onAllOpenChange: (isOpen: boolean) => void
  onDownload: () => void
  onRefresh: () => void
  isEmpty: boolean
  isBusy: boolean
  children: ReactNode
}

const modes = [
  { value: 'unified', label: 'Unified' },
  { value: 'split', label: 'Split' },
] as const

function promptOf({ prompt }: Turn): string {
  const text =
    typeof prompt === 'string'
      ? prompt
      : prompt.map(block => (block.type === 'text' ? block.text : '')).join(' ')
  const line = revealName(text.trim().split('\n', 1)[0] ?? '')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line || 'a prompt without text'
}

/** Chooses the state that the changes are compared with, and the view. */
export function Toolbar(props: ToolbarProps) {
  const { since, turns, onSinceChange, mode, onModeChange, isAllOpen, onAllOpenChange, isEmpty, isBusy } =
    props
  const isKnown = since === 'session' || turns.some(({ turnId }) => turnId === since)
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
      <Select
        aria-label="Changes since"
        className="sm:max-w-72 min-w-0 flex-1 basis-full !py-1 sm:basis-40"
        value={since}
        onChange={event => onSinceChange(event.target.value)}
      >
        <option value="session">Since the session began</option>
        {!isKnown && <option value={since}>Since an older turn</option>}
        {turns.map(turn => (
          <option key={turn.turnId} value={turn.turnId}>
            Since before: {promptOf(turn)}
          </option>
        ))}
      </Select>
      {props.children}
      <div className="ml-auto flex items-center gap-1">
        {onModeChange && <Segmented label="View" options={modes} value={mode} onChange={onModeChange} />}
        <IconButton
          label={isAllOpen ? 'Collapse all files' : 'Expand all files'}
          disabled={isEmpty}
          onClick={() => onAllOpenChange(!isAllOpen)}
        >
          {isAllOpen ? (
            <ChevronsDownUp aria-hidden className="size-4" />
          ) : (
            <ChevronsUpDown aria-hidden className="size-4" />
          )}
        </IconButton>
        <IconButton label="Download as a patch" disabled={isEmpty} onClick={props.onDownload}>
          <Download aria-hidden className="size-4" />
        </IconButton>
        <IconButton label="Refresh" busy={isBusy} onClick={props.onRefresh}>
          <RefreshCw aria-hidden className="size-4" />
        </IconButton>
      </div>
    </div>
  )
}

import { ChevronDown, ChevronRight, File, FileSymlink, FileX2, Folder } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { FileEntry } from '../../../../../src/client/index.ts'
import { useDirectory } from '../../../api/workspace.ts'
import { cx } from '../../../lib/class-names.ts'
import { formatBytes } from '../../../lib/format.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { describeError } from '../../../ui/notices.tsx'
import { focusItem, keepTabStop, onTreeKey } from './tree-keys.ts'

interface TreeProps {
  sessionId: string
  /** The path that is shown or chosen. */
  selected: string
  expanded: ReadonlySet<string>
  onToggle: (path: string) => void
  onSelect: (entry: FileEntry) => void
}

/** The files of a session as a tree, loaded as it is opened. */
export function FileTree(props: TreeProps) {
  return (
    <div
      role="tree"
      aria-label="Files"
      className="py-1"
      onKeyDown={event =>
        onTreeKey(event, item => {
          if (item.dataset.path !== undefined) props.onToggle(item.dataset.path)
        })
      }
    >
      <Branch {...props} path="" level={1} />
    </div>
  )
}

interface BranchProps extends TreeProps {
  path: string
  level: number
}

function Branch(props: BranchProps) {
  const { sessionId, path, level } = props
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useDirectory(
    sessionId,
    path,
  )
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => keepTabStop(end.current?.closest('[role="tree"]')))
  const entries = data?.pages.flatMap(page => page.entries) ?? []
  return (
    <>
      {error && (
        <Row level={level} label={`${describeError(error).title}. Try again`} onClick={() => refetch()}>
          <span className="text-bad">{describeError(error).title}. Try again</span>
        </Row>
      )}
      {isPending && (
        <Row level={level} label="Loading" onClick={() => {}}>
          <span className="skeleton h-3 w-40" />
        </Row>
      )}
      {entries.map(entry => (
        <Item key={entry.path} {...props} entry={entry} />
      ))}
      {data && entries.length === 0 && (
        <Row level={level} label="Empty" onClick={() => {}}>
          <span className="text-muted">Empty</span>
        </Row>
      )}
      {hasNextPage && (
        <Row
          level={level}
          label={isFetchingNextPage ? 'Loading…' : 'Show more'}
          onClick={() => fetchNextPage()}
        >
          <span className="text-accent-strong">{isFetchingNextPage ? 'Loading…' : 'Show more'}</span>
        </Row>
      )}
      <div ref={end} hidden />
    </>
  )
}

const indentOf = (level: number) => `${Math.min(level, 12) * 0.875 - 0.25}rem`

const icons = { file: File, directory: Folder, symlink: FileSymlink, other: FileX2 }

function Item({ entry, ...props }: BranchProps & { entry: FileEntry }) {
  const isDirectory = entry.type === 'directory'
  const isOpen = isDirectory && props.expanded.has(entry.path)
  const Icon = icons[entry.type]
  const Chevron = isOpen ? ChevronDown : ChevronRight
  const target = entry.target === undefined ? null : revealName(entry.target)
  return (
    <Row
      path={entry.path}
      level={props.level}
      label={describe(entry)}
      isOpen={isDirectory ? isOpen : undefined}
      isSelected={entry.path === props.selected}
      onClick={() => {
        if (isDirectory) props.onToggle(entry.path)
        props.onSelect(entry)
      }}
      below={
        isOpen && (
          <div role="group">
            <Branch {...props} path={entry.path} level={props.level + 1} />
          </div>
        )
      }
    >
      {isDirectory ? (
        <Chevron aria-hidden className="size-3.5 shrink-0 text-muted" />
      ) : (
        <span className="w-3.5 shrink-0" />
      )}
      <Icon aria-hidden className="size-3.5 shrink-0 text-muted" />
      <bdi className="min-w-0 truncate font-mono text-xs" title={revealName(entry.name)}>
        {revealName(entry.name)}
        {target !== null && <span className="text-muted"> → {target}</span>}
      </bdi>
      {entry.sizeBytes !== null && (
        <span className="ml-auto shrink-0 pl-1 text-2xs text-muted">{formatBytes(entry.sizeBytes)}</span>
      )}
    </Row>
  )
}

function describe({ name, type, sizeBytes }: FileEntry): string {
  const kind = type === 'file' ? null : type === 'symlink' ? 'link' : type
  return [revealName(name), kind, sizeBytes !== null && formatBytes(sizeBytes)].filter(Boolean).join(', ')
}

interface RowProps {
  /** Absent: it is not an entry. */
  path?: string
  level: number
  label: string
  isOpen?: boolean | undefined
  isSelected?: boolean
  onClick: () => void
  children: ReactNode
  below?: ReactNode
}

function Row({ path, level, label, isOpen, isSelected = false, onClick, children, below }: RowProps) {
  const item = useRef<HTMLDivElement>(null)
  const click = () => {
    const tree = item.current?.closest('[role="tree"]')
    if (tree && item.current) focusItem(tree, item.current)
    onClick()
  }
  return (
    <div
      ref={item}
      role="treeitem"
      aria-label={label}
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={isOpen}
      data-path={path}
      tabIndex={-1}
      className="focus-visible:outline-none [&:focus-visible>div]:outline-2 [&:focus-visible>div]:-outline-offset-2 [&:focus-visible>div]:outline-accent"
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: The tree has the keys. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: The item has the role. */}
      <div
        data-row
        onClick={click}
        style={{ paddingLeft: indentOf(level) }}
        className={cx(
          'target flex min-h-7 cursor-pointer items-center gap-1.5 pr-2 select-none',
          isSelected ? 'bg-accent-soft' : 'hover:bg-hover',
        )}
      >
        {children}
      </div>
      {below}
    </div>
  )
}

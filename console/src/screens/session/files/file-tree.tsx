import { ChevronDown, ChevronRight, File, FileSymlink, FileX2, Folder } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { FileEntry } from '../../../../../src/client/index.ts'
import { useDirectory } from '../../../api/workspace.ts'
import { cx } from '../../../lib/class-names.ts'
import { formatBytes } from '../../../lib/format.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { describeError } from '../../../ui/describe-error.ts'
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
        <Row level={level} onClick={() => refetch()}>
          <span className="text-bad">{describeError(error).title}. Try again</span>
        </Row>
      )}
      {isPending && (
        <Row level={level} onClick={() => {}}>
          <span className="text-muted">Loading…</span>
        </Row>
      )}
      {entries.map(entry => (
        <Item key={entry.path} {...props} entry={entry} />
      ))}
      {data && entries.length === 0 && (
        <Row level={level} onClick={() => {}}>
          <span className="text-muted">Empty</span>
        </Row>
      )}
      {hasNextPage && (
        <Row level={level} onClick={() => fetchNextPage()}>
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
  const { name, path, type, target, sizeBytes } = entry
  const isDirectory = type === 'directory'
  const isOpen = isDirectory && props.expanded.has(path)
  const Icon = icons[type]
  const Chevron = isOpen ? ChevronDown : ChevronRight
  return (
    <>
      <Row
        path={path}
        level={props.level}
        isOpen={isDirectory ? isOpen : undefined}
        isSelected={path === props.selected}
        onClick={() => {
          if (isDirectory) props.onToggle(path)
          props.onSelect(entry)
        }}
      >
        {isDirectory ? (
          <Chevron aria-hidden className="size-3.5 shrink-0 text-muted" />
        ) : (
          <span className="w-3.5 shrink-0" />
        )}
        <Icon aria-hidden className="size-3.5 shrink-0 text-muted" />
        <bdi dir="ltr" className="min-w-0 truncate font-mono text-xs whitespace-pre" title={revealName(name)}>
          {revealName(name)}
          {target !== undefined && <span className="text-muted"> → {revealName(target)}</span>}
        </bdi>
        {sizeBytes !== null && (
          <span className="ml-auto shrink-0 pl-1 text-2xs text-muted">{formatBytes(sizeBytes)}</span>
        )}
      </Row>
      {isOpen && <Branch {...props} path={path} level={props.level + 1} />}
    </>
  )
}

interface RowProps {
  /** Absent: it is not an entry. */
  path?: string
  level: number
  isOpen?: boolean | undefined
  isSelected?: boolean
  onClick: () => void
  children: ReactNode
}

/** An item of the tree. All of them are siblings; their levels tell which belongs to which. */
function Row({ path, level, isOpen, isSelected = false, onClick, children }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: The tree has the keys.
    <div
      role="treeitem"
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={isOpen}
      data-path={path}
      tabIndex={-1}
      onClick={({ currentTarget }) => {
        const tree = currentTarget.closest('[role="tree"]')
        if (tree) focusItem(tree, currentTarget)
        onClick()
      }}
      style={{ paddingLeft: indentOf(level) }}
      className={cx(
        'target flex min-h-7 cursor-pointer items-center gap-1.5 pr-2 outline-offset-[-2px] select-none',
        isSelected ? 'bg-accent-soft' : 'hover:bg-hover',
      )}
    >
      {children}
    </div>
  )
}

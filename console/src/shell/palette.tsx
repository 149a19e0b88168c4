import { Dialog } from '@base-ui/react/dialog'
import { Command } from 'cmdk'
import { useDeferredValue, useState } from 'react'
import { useLocation } from 'wouter'
import { pathOf, useSearch } from '../api/search.ts'
import { titleOf, useRecentSessions } from '../api/sessions.ts'
import { useShortcutList } from '../lib/shortcuts.ts'
import { Kbd } from '../ui/small-parts.tsx'

interface PaletteProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

const itemClasses =
  'target flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 select-none data-[selected=true]:bg-hover'
const groupClasses =
  '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-semibold [&_[cmdk-group-heading]]:text-muted'

/** Everything that can be done or opened, by typing. */
export default function Palette({ open, onOpenChange }: PaletteProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed inset-x-2 top-[10dvh] z-50 mx-auto max-w-xl overflow-hidden rounded-xl border border-line bg-raised shadow-xl">
          <Dialog.Title className="sr-only">Command palette</Dialog.Title>
          <Content close={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Content({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const [, navigate] = useLocation()
  const shortcuts = useShortcutList()
  const wanted = useDeferredValue(text.trim())
  const found = useFound(wanted)
  const run = (action: () => void) => {
    close()
    action()
  }
  return (
    <Command label="Command palette" loop>
      <Command.Input
        value={text}
        onValueChange={setText}
        placeholder="Search sessions, or type what to do"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none"
      />
      <Command.List className="max-h-[60dvh] overflow-y-auto p-2">
        <Command.Empty className="p-6 text-center text-muted">Nothing matches.</Command.Empty>
        <Command.Group heading="Do" className={groupClasses}>
          {shortcuts.map(({ keys, label, run: action }) => (
            <Command.Item key={keys} value={label} onSelect={() => run(action)} className={itemClasses}>
              <span className="flex-1">{label}</span>
              <Kbd>{keys}</Kbd>
            </Command.Item>
          ))}
        </Command.Group>
        {found.length > 0 && (
          <Command.Group heading="Sessions" className={groupClasses}>
            {found.map(({ key, path, title, excerpt }) => (
              <Command.Item
                key={key}
                value={key}
                // The server has found it; the palette's own filter is not asked again.
                keywords={[text]}
                onSelect={() => run(() => navigate(path))}
                className={itemClasses}
              >
                <bdi className="max-w-1/2 shrink-0 truncate">{title}</bdi>
                {excerpt !== null && <bdi className="truncate text-muted">{excerpt}</bdi>}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  )
}

interface Found {
  /** A prompt and its answer lead to the same path. */
  key: string
  path: string
  title: string
  /** The words around the match; null: the title says enough. */
  excerpt: string | null
}

/** The newest sessions, or the places where the text is found. */
function useFound(text: string): Found[] {
  const { data: recent = [] } = useRecentSessions()
  const { data: search } = useSearch(text, { limit: 8 })
  if (text === '') {
    return recent.map(session => ({
      key: session.sessionId,
      path: `/sessions/${session.sessionId}`,
      title: titleOf(session),
      excerpt: null,
    }))
  }
  const results = search?.pages.flatMap(page => page.results) ?? []
  return results.map(result => ({
    key: `${result.sessionId} ${result.turnId} ${result.field}`,
    path: pathOf(result),
    title: titleOf({ title: result.sessionTitle, sessionId: result.sessionId }),
    excerpt: result.field === 'title' ? null : result.snippet,
  }))
}

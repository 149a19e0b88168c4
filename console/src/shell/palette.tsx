import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { useDeferredValue, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { findSessions, sessionsKey } from '../api/sessions.ts'
import { Kbd } from '../ui/small-parts.tsx'
import { useShortcutList } from './shortcuts.tsx'

interface PaletteProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

const itemClasses =
  'target flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 select-none data-[selected=true]:bg-hover'
const groupClasses =
  '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-semibold [&_[cmdk-group-heading]]:text-muted'

/** Opens the palette with Ctrl K or ⌘ K, also from within fields. */
export function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return
      event.preventDefault()
      open()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [open])
}

/** Everything that can be done or opened, by typing. */
export function Palette({ open, onOpenChange }: PaletteProps) {
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
  const { data: found = [] } = useQuery({
    queryKey: [...sessionsKey, 'palette', wanted],
    queryFn: ({ signal }) => findSessions(wanted, signal),
    placeholderData: before => before,
  })
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
            {found.map(({ sessionId, title, excerpt, path }) => (
              <Command.Item
                key={path}
                value={path}
                keywords={[text]}
                onSelect={() => run(() => navigate(path))}
                className={itemClasses}
              >
                <bdi className="shrink-0 max-w-1/2 truncate">
                  {title ?? `Untitled, ${sessionId.slice(0, 8)}`}
                </bdi>
                {excerpt !== null && <bdi className="truncate text-muted">{excerpt}</bdi>}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  )
}

import { type Shortcut, useShortcutList } from '../lib/shortcuts.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Kbd } from '../ui/small-parts.tsx'

/** Lists the shortcuts that work on this page. */
export function ShortcutSheet({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const groups = Map.groupBy(useShortcutList(), ({ group }: Shortcut) => group)
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      {[...groups].map(([group, shortcuts]) => (
        <section key={group} className="mb-4">
          <h3 className="mb-1 text-xs font-semibold text-muted">{group}</h3>
          <dl className="divide-y divide-line">
            {shortcuts.map(({ keys, label }) => (
              <div key={keys} className="flex items-center justify-between py-1.5">
                <dt>{label}</dt>
                <dd className="flex gap-1">
                  {keys.split(' ').map(key => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <p className="text-muted">
        <Kbd>Ctrl K</Kbd> or <Kbd>⌘ K</Kbd> opens the command palette anywhere.
      </p>
    </Dialog>
  )
}

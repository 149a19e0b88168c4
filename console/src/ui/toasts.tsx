import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { IconButton } from './button.tsx'
import { describeError } from './describe-error.ts'

const toasts = Toast.createToastManager()

/** Says something in passing, such as that a change was made. */
export function say(title: string, description?: string): void {
  toasts.add({ title, ...(description && { description }) })
}

/** Reports a failure of something that has no place of its own on the page. */
export function sayError(error: unknown): void {
  const { title, advice } = describeError(error)
  toasts.add({
    // The same failure twice is one message.
    id: `error ${title}`,
    title,
    ...(advice && { description: advice }),
    type: 'error',
    priority: 'high',
    timeout: 10_000,
  })
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts}>
      <Toast.Portal>
        {/* Above the composer and the tab bar: see `bottomBar`. */}
        <Toast.Viewport className="fixed inset-x-3 bottom-[calc(var(--bottom-bars,0px)+0.75rem)] z-60 mx-auto flex max-w-sm flex-col gap-2 sm:right-4 sm:left-auto sm:mx-0 sm:w-96">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function List() {
  return Toast.useToastManager().toasts.map(toast => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      // An urgent one is announced elsewhere as well. Neither it nor its button may be hidden from those who reach it.
      aria-hidden={false}
      className="flex items-start gap-2 rounded-lg border border-line-strong bg-raised p-3 shadow-lg data-[type=error]:border-bad"
    >
      <div className="min-w-0 flex-1">
        <Toast.Title className="font-medium break-words" />
        <Toast.Description className="text-muted break-words" />
      </div>
      <Toast.Close
        aria-hidden={false}
        render={
          <IconButton label="Dismiss" size="small">
            <X aria-hidden className="size-3.5" />
          </IconButton>
        }
      />
    </Toast.Root>
  ))
}

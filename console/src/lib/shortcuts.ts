import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

export interface Shortcut {
  /** A key as `KeyboardEvent.key` has it, or two with a space between, pressed one after the other. */
  keys: string
  label: string
  group: string
  run: () => void
}

/** How long the second key of two may take, in milliseconds. */
const sequenceMs = 1_000

/** Shortcuts of this group decide something that cannot be taken back. */
export const deciding = 'Request'

/** How long no key may have been pressed before one that decides, in milliseconds. */
const calmMs = 1_000

let shortcuts: readonly Shortcut[] = []
const listeners = new Set<() => void>()
let first: { key: string; at: number } | undefined
/** Until then a person may be typing what was meant for another window, or for what was here before. */
let restlessUntil = 0

function change(next: readonly Shortcut[]): void {
  shortcuts = next
  for (const tell of listeners) tell()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** All shortcuts that work now, for the sheet that lists them. */
export function useShortcutList(): readonly Shortcut[] {
  return useSyncExternalStore(subscribe, () => shortcuts)
}

/** Makes a shortcut work while the component is shown and `enabled`. */
export function useShortcut(
  keys: string,
  label: string,
  group: string,
  run: () => void,
  enabled = true,
): void {
  const onRun = useEffectEvent(run)
  useEffect(() => {
    if (!enabled) return
    const shortcut = { keys, label, group, run: () => onRun() }
    change([...shortcuts, shortcut])
    return () => change(shortcuts.filter(other => other !== shortcut))
  }, [keys, label, group, enabled])
}

/** Whether keys belong to what has the focus: letters to a field, all to a dialog or a menu. */
function isTaken({ target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false
  return target.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="menu"]') !== null
}

function beRestless(): void {
  restlessUntil = performance.now() + calmMs
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isTaken(event)) return
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const sequence = first && event.timeStamp - first.at < sequenceMs ? `${first.key} ${event.key}` : undefined
  first = { key: event.key, at: event.timeStamp }
  // The component that was shown last goes first.
  const found =
    shortcuts.findLast(({ keys }) => keys === sequence) ??
    shortcuts.findLast(({ keys }) => keys === event.key)
  const isEarly = found?.group === deciding && (event.repeat || performance.now() < restlessUntil)
  if (!found || isEarly) {
    beRestless()
    return
  }
  event.preventDefault()
  first = undefined
  found.run()
}

/** Listens for the keys of all shortcuts. */
export function useShortcutKeys(): void {
  useEffect(() => {
    beRestless()
    document.addEventListener('keydown', onKeyDown)
    window.addEventListener('focus', beRestless)
    return () => {
      document.removeEventListener('keydown', onKeyDown)
      window.removeEventListener('focus', beRestless)
    }
  }, [])
}

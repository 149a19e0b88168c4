import { type ComponentType, lazy, useState } from 'react'

/** A component in a file of its own. */
export type Deferred<Props> = ComponentType<Props> & {
  /** Begins to load it, for those who know that it will be shown. */
  loadAhead: () => void
}

/**
 * As `lazy` of React; but what was loaded ahead is shown at once. What suspends is shown by React 300 ms after the last
 * fallback at the earliest.
 */
export function deferred<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): Deferred<Props> {
  let loaded: ComponentType<Props> | undefined
  const Lazy = lazy(load)
  function Deferred(props: Props) {
    const [Shown] = useState(() => loaded ?? Lazy)
    return <Shown {...props} />
  }
  const loadAhead = () => {
    load().then(
      file => {
        loaded = file.default
      },
      // The screen that shows it meets the error.
      () => {},
    )
  }
  return Object.assign(Deferred, { loadAhead })
}

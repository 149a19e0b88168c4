import { useState } from 'react'

/** The folds that were opened or closed by hand: a virtual list forgets its rows when they are scrolled away. */
const chosen = new Map<string, boolean>()
const mostKept = 2_000

/** Whether something is open, kept while the page lives; `null` as the key: only while it is shown. */
export function useFold(key: string | null, initial: boolean): [boolean, () => void] {
  const [, update] = useState(0)
  const [own, setOwn] = useState<boolean | null>(null)
  const isOpen = (key === null ? own : chosen.get(key)) ?? initial
  const toggle = () => {
    if (key === null) return setOwn(!isOpen)
    const [oldest] = chosen.keys()
    if (chosen.size >= mostKept && oldest !== undefined) chosen.delete(oldest)
    chosen.set(key, !isOpen)
    update(count => count + 1)
  }
  return [isOpen, toggle]
}

import { useLayoutEffect, useRef, useState } from 'react'

/** People need about so long to see that something has moved, in milliseconds. */
const settlingMs = 400

/**
 * Whether something has just left the list, so that other things are in its place. A key or a touch at that moment was
 * meant for what was there before.
 */
export function useSettling(ids: readonly string[]): boolean {
  const before = useRef(ids)
  const [losses, setLosses] = useState(0)
  const [seen, setSeen] = useState(0)
  const list = ids.join(' ')
  useLayoutEffect(() => {
    const now = list.split(' ')
    if (before.current.some(id => !now.includes(id))) setLosses(count => count + 1)
    before.current = now
  }, [list])
  useLayoutEffect(() => {
    if (losses === seen) return
    const timer = setTimeout(() => setSeen(losses), settlingMs)
    return () => clearTimeout(timer)
  }, [losses, seen])
  return losses !== seen
}

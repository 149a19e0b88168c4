import { setImmediate } from 'node:timers'

/** Counts the rounds of the event loop until it is asked for their number: work that lets others in has many. */
export function countRounds(): () => number {
  let rounds = 0
  let isOver = false
  const count = () => {
    rounds++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  return () => {
    isOver = true
    return rounds
  }
}

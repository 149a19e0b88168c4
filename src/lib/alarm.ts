/** A timer can wait no longer, in milliseconds. */
const longestDelayMs = 2 ** 31 - 1
/** Timers stand still while the machine is suspended and know nothing of a clock that is set: look again so often. */
const lookMs = 5_000

export interface Alarm {
  cancel(): void
}

/**
 * Calls `act` when the clock of the wall says `at`, in milliseconds since 1970: for times that were promised. Also
 * within seconds of the end of a suspension, or of the clock being set, and for times further away than timers reach.
 */
export function atTime(at: number, act: () => void): Alarm {
  return repeat(() => at - Date.now(), lookMs, act)
}

/**
 * Calls `act` after `ms` milliseconds in which the machine ran: for durations. The clock of the wall may be set
 * meanwhile; a time for which the machine is suspended does not count.
 */
export function afterDuration(ms: number, act: () => void): Alarm {
  const end = performance.now() + ms
  return repeat(() => end - performance.now(), longestDelayMs, act)
}

function repeat(left: () => number, atMost: number, act: () => void): Alarm {
  let timer: NodeJS.Timeout
  const look = () => {
    const rest = left()
    if (rest <= 0) return act()
    // A timer may fire a moment early.
    timer = setTimeout(look, Math.min(Math.ceil(rest), atMost))
    timer.unref()
  }
  timer = setTimeout(look, Math.min(Math.max(0, Math.ceil(left())), atMost))
  timer.unref()
  return { cancel: () => clearTimeout(timer) }
}

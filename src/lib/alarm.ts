/** The longest delay of a timer, in milliseconds. */
const longestDelayMs = 2 ** 31 - 1
/** The interval of checks, because timers ignore suspension of the machine and changes of the clock. */
const lookMs = 5_000

export interface Alarm {
  cancel(): void
}

/**
 * Calls `act` at the wall-clock time `at`, in milliseconds since 1970. Works for promised times: it fires within
 * seconds after a suspension or a change of the clock, and for times beyond the range of timers.
 */
export function atTime(at: number, act: () => void): Alarm {
  return repeat(() => at - Date.now(), lookMs, act)
}

/**
 * Calls `act` after `ms` milliseconds during which the machine ran. Changes of the wall clock have no effect, and
 * time in which the machine is suspended does not count.
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
    // Timers may fire slightly early.
    timer = setTimeout(look, Math.min(Math.ceil(rest), atMost))
    timer.unref()
  }
  timer = setTimeout(look, Math.min(Math.max(0, Math.ceil(left())), atMost))
  timer.unref()
  return { cancel: () => clearTimeout(timer) }
}

const seconds = 1_000
const minutes = 60 * seconds
const hours = 60 * minutes

/** The pauses after failed attempts: eleven attempts in about a day. */
export const retryDelaysMs: readonly number[] = [
  5 * seconds,
  30 * seconds,
  2 * minutes,
  10 * minutes,
  30 * minutes,
  1 * hours,
  2 * hours,
  4 * hours,
  8 * hours,
  8 * hours,
]
const longestRetryAfterMs = 8 * hours
/** Spreads the retries of many deliveries that failed together. */
const jitter = 0.2

/**
 * Returns the pause after a failed attempt; undefined: it was the last one.
 *
 * @param attempts how many there were
 * @param retryAfterMs the pause that the receiver asks for
 */
export function nextDelayMs(
  attempts: number,
  retryAfterMs: number | undefined,
  delaysMs = retryDelaysMs,
  random = Math.random,
): number | undefined {
  const planned = delaysMs[attempts - 1]
  if (planned === undefined) return undefined
  const spread = planned * (1 + jitter * (2 * random() - 1))
  return Math.round(Math.max(spread, Math.min(retryAfterMs ?? 0, longestRetryAfterMs)))
}

/** Parses a `Retry-After` header: seconds or a date; undefined if it is neither. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * seconds
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

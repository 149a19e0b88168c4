const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' })
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** `3m ago`, `now`, `yesterday`. The clock of the browser may be behind the server's: nothing is in the future. */
export function formatAge(timestamp: string, now: number): string {
  return formatDistance(Math.min(Date.parse(timestamp), now), now)
}

/** `in 3m`, `tomorrow`; what is past is as with `formatAge`. */
export function formatDue(timestamp: string, now: number): string {
  return formatDistance(Date.parse(timestamp), now)
}

function formatDistance(time: number, now: number): string {
  const seconds = Math.round((time - now) / 1000)
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? []
  if (unit === undefined || size === undefined) return 'now'
  return relative.format(Math.trunc(seconds / size), unit)
}

/** `Nov 27, 2026, 2:05:10 PM`. */
export function formatTime(timestamp: string): string {
  return absolute.format(new Date(timestamp))
}

/** `850 ms`, `3.2 s`, `4 min 5 s`, `2 h 3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const plain = new Intl.NumberFormat('en')

/** `950`, `12.3K`, `4M`. */
export function formatCount(count: number): string {
  return count < 10_000 ? plain.format(count) : compact.format(count)
}

/** `1 turn`, `3 turns`, `12.3K replies`: a number with its noun. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`
}

/** `$0.0012`, `$3.40`; null: unknown. */
export function formatCost(usd: number | null): string {
  if (usd === null) return 'unknown cost'
  if (usd === 0) return '$0'
  return `$${usd < 0.1 ? usd.toPrecision(2) : usd.toFixed(2)}`
}

/** `532 B`, `4.1 KB`, `12 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const scale = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** scale
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${['B', 'KB', 'MB', 'GB', 'TB'][scale]}`
}

/** The last parts of a path, which tell more than the first ones. */
export function shortPath(path: string, parts = 2): string {
  const names = path.split('/').filter(Boolean)
  return names.length <= parts ? path : `…/${names.slice(-parts).join('/')}`
}

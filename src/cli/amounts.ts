import { InvalidArgumentError } from 'commander'

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const factors: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** Parses a time such as `30d` or `12h` to milliseconds. */
export function parseAge(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('It must be a time such as 30d, 12h or 90m.')
  return Number(count) * (units[unit] ?? 0)
}

/** Parses a size such as `500M` or `2G` to bytes; `MB` and `MiB` mean the same. */
export function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})\s?([KMGT]?)(?:i?B)?$/i.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('It must be a size such as 500M or 2G.')
  return Number(count) * (factors[unit.toUpperCase()] ?? 1)
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** A table for people, and for pasting into Markdown. */
export function printTable(head: string[], rows: (string | number)[][]): void {
  const cells = [head, ...rows.map(row => row.map(String))]
  const widths = head.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  const [first, ...rest] = cells.map(
    row => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`,
  )
  print(first)
  print(`|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`)
  for (const line of rest) print(line)
  print()
}

/** One line for each target: what was found, what was asked for, and whether it holds in this run. */
export function printTarget(what: string, found: string, target: string, holds: boolean): void {
  print(`${holds ? 'holds ' : 'MISSED'}  ${what}: ${found} (target ${target})`)
}

/** @param share between 0 and 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`
}

export function times(value: number): string {
  return `×${value.toFixed(2)}`
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

import { describeOptions, type OptionInForce } from '../config/sources/describe-options.ts'
import type { LoadedOptions } from './load-options.ts'

/** Prints the configuration in force: each option, its value without secrets, and what sets it. */
export function showConfig(loaded: LoadedOptions, asJson: boolean): void {
  const described = describeOptions(loaded, loaded.resolved)
  if (asJson) {
    process.stdout.write(`${JSON.stringify(described, null, 2)}\n`)
    return
  }
  const rows = described.map(({ option, value, source }) => [option, toText(value), source])
  const widths = [0, 1].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  for (const [option = '', value = '', source = ''] of rows) {
    process.stdout.write(
      `${option.padEnd(widths[0] ?? 0)}  ${value.padEnd(Math.min(widths[1] ?? 0, 40))}  ${source}\n`,
    )
  }
}

function toText(value: OptionInForce['value']): string {
  if (value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

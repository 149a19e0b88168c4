import { BackupError } from './backup-error.ts'

/** A value of a column; bytes are an object with base64 in the archive. */
export type RowValue = string | number | Uint8Array | null

/** Rows as JSON lines. */
export function toRowLines(rows: readonly (readonly RowValue[])[]): Buffer {
  return Buffer.from(rows.map(row => `${JSON.stringify(row.map(toJsonValue))}\n`).join(''))
}

/** @throws BackupError when they are not rows of so many columns */
export function parseRowLines(text: Buffer, table: string, columns: number): RowValue[][] {
  const lines = text.toString().split('\n')
  if (lines.pop() !== '') throw notRows(table)
  return lines.map(line => {
    const row = parseLine(line, table)
    if (!Array.isArray(row) || row.length !== columns) throw notRows(table)
    return row.map(value => toRowValue(value, table))
  })
}

function parseLine(line: string, table: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw notRows(table)
  }
}

function toJsonValue(value: RowValue): unknown {
  if (!(value instanceof Uint8Array)) return value
  return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
}

function toRowValue(value: unknown, table: string): RowValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  const { base64 } = value as { base64?: unknown }
  if (typeof base64 !== 'string') throw notRows(table)
  return Buffer.from(base64, 'base64')
}

function notRows(table: string): BackupError {
  return new BackupError(`The backup is damaged: rows of the table ${table} cannot be read`)
}

import type { Pool } from './driver.ts'

/** The texts and bytes of a store, which make up nearly all of it. */
const largeColumns: Readonly<Record<string, readonly string[]>> = {
  events: ['payload', 'summary'],
  transcript_entries: ['entry'],
  attachment_pieces: ['bytes'],
  turns: ['prompt', 'response'],
}
/** The other columns of a row, and its place in indexes. */
const rowBytes = 200

/**
 * Returns how many bytes rows use beyond a limit. Tables do not shrink when rows are removed, so rows are added up once
 * the tables are larger than the limit.
 */
export async function measureExcess(pool: Pool, maxBytes: number): Promise<number> {
  const { rows } = await pool.query(
    `select coalesce(sum(pg_total_relation_size(c.oid)), 0) as bytes from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'`,
  )
  if (Number(rows[0].bytes) <= maxBytes) return Number(rows[0].bytes) - maxBytes
  let bytes = 0
  for (const [table, columns] of Object.entries(largeColumns)) {
    const sizes = columns.map(column => `coalesce(pg_column_size(${column}), 0)`).join(' + ')
    const sum = await pool.query(`select coalesce(sum(${rowBytes} + ${sizes}), 0) as bytes from ${table}`)
    bytes += Number(sum.rows[0].bytes)
  }
  return bytes - maxBytes
}

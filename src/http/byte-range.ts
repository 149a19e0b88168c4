export interface ByteRange {
  start: number
  length: number
}

/** The length limit: two numbers with plenty of blanks. */
const longestHeader = 100

/**
 * Parses a `Range` header (RFC 9110). `whole`: the whole file, because the header is not a single range of bytes;
 * `none`: the range is outside the file.
 */
export function parseByteRange(header: string, sizeBytes: number): ByteRange | 'whole' | 'none' {
  // Optional blanks on both sides of an empty match would make the expression backtrack.
  if (header.length > longestHeader) return 'whole'
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(header) ?? []
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? 'none' : { start: sizeBytes - length, length }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'whole'
  if (start >= sizeBytes) return 'none'
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  return { start, length: end - start }
}

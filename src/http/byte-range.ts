export interface ByteRange {
  start: number
  length: number
}

/** Two numbers, and more blanks than anyone writes. */
const longestHeader = 100

/**
 * The bytes that a `Range` header asks for, RFC 9110. `whole`: everything, because the header asks for something
 * else than one range of bytes; `none`: nothing of the file is in the range.
 */
export function parseByteRange(header: string, sizeBytes: number): ByteRange | 'whole' | 'none' {
  // Blanks on both sides of nothing would be tried in every combination.
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

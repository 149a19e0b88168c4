/** How many bytes are looked at for a NUL, as git does. */
const lookedAt = 8_000

/** @param isCut whether bytes follow, so that the last character may be incomplete @returns null: it is not text */
export function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  if (bytes.subarray(0, lookedAt).includes(0)) return null
  try {
    // The mark of the byte order stays, since the text may be written back.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
  } catch {
    return null
  }
}

/** The line break of a text that has only one kind of them; null: a text field would change it. */
export function lineBreakOf(text: string): '\n' | '\r\n' | null {
  const returns = text.match(/\r/g)?.length ?? 0
  if (returns === 0) return '\n'
  const pairs = text.match(/\r\n/g)?.length ?? 0
  const breaks = text.match(/\n/g)?.length ?? 0
  return returns === pairs && pairs === breaks ? '\r\n' : null
}

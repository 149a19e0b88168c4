/** Pieces have about a few words. */
const shortest = 12
const longest = 48

/**
 * Returns where the next piece of a growing text ends, or undefined while that is not decided. It depends on the text
 * only, not on how it arrived: a stream that is read again from the log has the same pieces, with the same numbers.
 */
export function endOfChunk(text: string, start: number, isComplete: boolean): number | undefined {
  // A piece never begins a text with white space only.
  const visible = start === 0 ? text.search(/\S/) : start
  if (visible === -1 || start >= text.length) return undefined
  const bound = visible + longest
  for (let end = visible + shortest; end < Math.min(bound, text.length + 1); end++) {
    if (/\s/.test(text.charAt(end - 1))) return end
  }
  if (text.length > bound) return isHighSurrogate(text.charCodeAt(bound - 1)) ? bound + 1 : bound
  return isComplete ? text.length : undefined
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

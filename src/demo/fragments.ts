const usualFragment = 12
const usualCount = 500

/**
 * Cuts a text into the pieces in which it is streamed. Joined they are the text again; no piece ends between the
 * halves of a surrogate pair, because the real API never sends half a character.
 */
export function* toFragments(content: string, size?: number | 'line'): Generator<string> {
  if (size === 'line') {
    yield* content.match(/[^\n]*\n|[^\n]+$/g) ?? []
    return
  }
  const step = Math.max(1, size ?? Math.max(usualFragment, Math.ceil(content.length / usualCount)))
  for (let start = 0; start < content.length; ) {
    let end = Math.min(start + step, content.length)
    if (end < content.length && isHighSurrogate(content.charCodeAt(end - 1))) end += 1
    yield content.slice(start, end)
    start = end
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

/** How much of a text is shown at first, in characters and in lines. */
export interface Bound {
  characters: number
  lines: number
}

/** @returns the beginning of a text that is within a bound, at the end of a line if one is near */
export function cutText(text: string, { characters, lines }: Bound): string {
  let end = Math.min(text.length, characters)
  let at = -1
  for (let count = 0; count < lines; count++) {
    at = text.indexOf('\n', at + 1)
    if (at === -1 || at >= end) break
    if (count === lines - 1) end = at
  }
  if (end >= text.length) return text
  const lineEnd = text.lastIndexOf('\n', end)
  if (end - lineEnd < 500 && lineEnd > 0) end = lineEnd
  // A pair of surrogates stays one.
  const code = text.charCodeAt(end - 1)
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? end - 1 : end)
}

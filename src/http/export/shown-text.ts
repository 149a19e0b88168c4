/** Longer results and inputs of tools are cut, where people are to read them. */
const longestShown = 20_000

/** Text as it can be shown: line ends are one kind, and control characters can be seen. */
export function toShownText(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      // The pictures of the control characters stand in their order.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, character =>
        String.fromCharCode(0x2400 + character.charCodeAt(0)),
      )
      .toWellFormed()
  )
}

/** The start of what is too long, with a note of what is left out. */
export function shorten(text: string): { text: string; leftOut: string | undefined } {
  if (text.length <= longestShown) return { text, leftOut: undefined }
  // Not in the middle of a character.
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(longestShown - 1))
  const shown = text.slice(0, isHalf ? longestShown - 1 : longestShown)
  const rest = (text.length - shown.length).toLocaleString('en-US')
  return {
    text: shown,
    leftOut: `${rest} more characters are left out; the formats json and jsonl have them`,
  }
}

/** Such as `12.3 kB`. */
export function toSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/**
 * Characters that are not seen but change what is seen: control characters, marks and overrides of direction,
 * zero-width ones, line and paragraph separators, and tags. Tabs and line breaks are what they seem.
 */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Those are meant.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Makes visible what would hide in a command, a path or code: `⟨U+202E⟩`. */
export function revealText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(hidden, char => {
    const point = char.codePointAt(0) ?? 0
    // A joiner between emoji is part of them.
    return point === 0x200d ? char : `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

/**
 * Characters that are not seen but change what is seen: control characters, marks and overrides of direction,
 * zero-width ones, fillers that look like nothing, line and paragraph separators, variation selectors and tags. Tabs
 * and line breaks are what they seem.
 */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Those are meant.
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: Each is meant by itself.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}\u{e0100}-\u{e01ef}]/gu

/** Makes visible what would hide in a command, a path or code: `⟨U+202E⟩`. */
export function revealText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(hidden, (char, at: number, whole: string) => {
    if (isOfEmoji(char, at, whole)) return char
    return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

/** Whether it joins two emoji, or says that the character before it is one. */
function isOfEmoji(char: string, at: number, text: string): boolean {
  if (char !== '\u200d' && char !== '\ufe0f') return false
  const before = text.slice(Math.max(0, at - 4), at)
  if (char === '\ufe0f') return /\p{Extended_Pictographic}$/u.test(before)
  const isAfterOne = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?$/u.test(before)
  return isAfterOne && /^\p{Extended_Pictographic}/u.test(text.slice(at + 1, at + 3))
}

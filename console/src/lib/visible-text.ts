/** Control characters, and marks that change the direction or the look of text without being seen. */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: They are what is looked for.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\ufff9-\ufffb]/gu
const hiddenInLine =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: They are what is looked for.
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu

const names: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

function writeOut(character: string): string {
  return names[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

/** A name or a path with its unseen characters written out, such as `\n` and `\u202e`. */
export function visibleName(name: string): string {
  return name.replace(hidden, writeOut)
}

/** A line of code with its unseen characters written out, except tabs and joiners, which scripts and emoji need. */
export function visibleLine(line: string): string {
  return line.replace(hiddenInLine, writeOut)
}

const maxTools = 200

/** The tools that front matter names: a list, or a text with commas or spaces. Undefined: it names none. */
export function parseToolNames(value: unknown): string[] | undefined {
  const parts = typeof value === 'string' ? splitList(value) : Array.isArray(value) ? value : undefined
  const names = parts
    ?.filter(part => typeof part === 'string')
    .map(part => part.trim())
    .filter(part => part !== '' && part !== '*')
  return names && names.length > 0 ? names.slice(0, maxTools) : undefined
}

/** At commas that are not within brackets. */
function splitList(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let open = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '(' || character === ')') open = character === '('
    else if (character === ',' && !open) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  return [...parts, text.slice(start)]
}

/** Rules such as `Bash(rm *)` narrow nothing when they allow: only the name of the tool counts. */
export function toToolNames(rules: readonly string[]): string[] {
  return [...new Set(rules.map(rule => rule.replace(/\(.*$/s, '').trim()))].filter(name =>
    /^[\w.:*-]+$/.test(name),
  )
}

const maxTools = 200

/** The tools that front matter names: a list, or a text with commas or spaces. Undefined: it names none. */
export function parseToolNames(value: unknown): string[] | undefined {
  const parts =
    typeof value === 'string' ? value.split(/,(?![^(]*\))/) : Array.isArray(value) ? value : undefined
  const names = parts
    ?.filter(part => typeof part === 'string')
    .map(part => part.trim())
    .filter(part => part !== '' && part !== '*')
  return names && names.length > 0 ? names.slice(0, maxTools) : undefined
}

/** Rules such as `Bash(rm *)` narrow nothing when they allow: only the name of the tool counts. */
export function toToolNames(rules: readonly string[]): string[] {
  return [...new Set(rules.map(rule => rule.replace(/\(.*$/s, '').trim()))].filter(name =>
    /^[\w.:*-]+$/.test(name),
  )
}

import type { z } from 'zod'

const words: Readonly<Record<string, string>> = {
  string: 'a string',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
}

/** Names a type of JSON in an error text, by zod's name of it. */
export function toTypeName(expected: string): string {
  return words[expected] ?? expected
}

/** Says what a value must be, as the option `error` of a zod schema; undefined: as the schema itself says. */
export function toRequirement(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${toTypeName(String(issue.expected))}`
    case 'invalid_value':
      return `must be ${(issue.values as readonly unknown[]).map(String).join(' or ')}`
    case 'invalid_format':
      return issue.format === 'base64' ? 'must be Base64' : undefined
    case 'too_small':
      return toBound(issue.origin, 'at least', Number(issue.minimum))
    case 'too_big':
      return toBound(issue.origin, 'at most', Number(issue.maximum))
    default:
      return undefined
  }
}

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' }

function toBound(origin: string, which: 'at least' | 'at most', bound: number): string | undefined {
  const unit = units[origin]
  if (!unit) return origin === 'number' || origin === 'int' ? `must be ${which} ${bound}` : undefined
  if (which === 'at least' && bound === 1) return 'must not be empty'
  return `must have ${which} ${bound} ${unit}`
}

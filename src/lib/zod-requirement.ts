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
export function toRequirement({ code, ...issue }: z.core.$ZodRawIssue): string | undefined {
  if (code === 'invalid_type') return `must be ${toTypeName(String(issue.expected))}`
  if (code !== 'invalid_value') return undefined
  return `must be ${(issue.values as readonly unknown[]).map(String).join(' or ')}`
}

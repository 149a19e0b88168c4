/** The fields of requests as the page's forms name them. */
const fieldNames = new Map([
  ['title', 'Title'],
  ['tags', 'Tags'],
  ['prompt', 'Prompt'],
  ['cwd', 'Directory'],
  ['model', 'Model'],
  ['effort', 'Effort'],
  ['permissionMode', 'Permissions'],
  ['maxBudgetUsd', 'Budget'],
  ['name', 'Name'],
  ['path', 'Path'],
])

function describeField(path: string): string {
  const [, name = path, index] = /^(\w+)(?:\[(\d+)\])?$/.exec(path) ?? []
  const known = fieldNames.get(name) ?? name
  return index === undefined ? known : `${known}, number ${Number(index) + 1}`
}

/** The messages that the page's forms can meet, and what they say about the number in them. */
const messages: readonly (readonly [RegExp, (bound: string) => string])[] = [
  [/^Too big: expected string to have <=(\d+) characters$/, most => `at most ${most} characters`],
  [/^Too small: expected string to have >=1 characters$/, () => 'must not be empty'],
  [/^Too small: expected string to have >=(\d+) characters$/, least => `at least ${least} characters`],
  [/^Too big: expected array to have <=(\d+) items$/, most => `at most ${most}`],
  [/^Too big: expected number to be <=(\S+)$/, most => `at most ${most}`],
  [/^Too small: expected number to be >=(\S+)$/, least => `at least ${least}`],
  [/^Too small: expected number to be >(\S+)$/, least => `more than ${least}`],
]

/** The message of a fault, in the words of the page. */
export function describeMessage(message: string): string {
  for (const [pattern, describe] of messages) {
    const match = pattern.exec(message)
    if (match) return describe(match[1] ?? '')
  }
  return message
}

/** A fault of a field as people read it: `Tags, number 1: at most 50 characters`. */
export function describeIssue({ path, message }: { path?: unknown; message?: unknown }): string {
  return `${describeField(String(path))}: ${describeMessage(String(message))}`
}

import type { z } from 'zod'
import { toTypeName } from '../../lib/zod-requirement.ts'
import { Refusal } from './problems.ts'

/**
 * Checks a value of the request.
 *
 * @param path of the value; absent: it is the body
 * @throws Refusal that names the fields
 */
export function check<T extends z.ZodType>(schema: T, value: unknown, path?: string): z.output<T> {
  const { success, data, error } = schema.safeParse(value, { error: toMessage })
  if (!success) throw new Refusal(describe(error, path))
  return data
}

function describe({ issues }: z.ZodError, parent: string | undefined): string {
  const pathOf = (keys: readonly PropertyKey[]) =>
    [...(parent === undefined ? [] : [parent]), ...keys].join('.')
  return issues
    .slice(0, 5)
    .flatMap(issue => {
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map(key => `${pathOf([...issue.path, key])}: unknown field`)
      }
      return `${pathOf(issue.path) || 'body'}: ${issue.message}`
    })
    .join('; ')
}

/** Undefined: zod's own words. */
function toMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'must be set' : `must be ${toTypeName(issue.expected)}`
    case 'invalid_value':
      return `must be ${alternatives.format(issue.values.map(value => JSON.stringify(value)))}`
    case 'too_small':
      return issue.minimum === 1 ? 'must not be empty' : undefined
    case 'too_big':
      return issue.origin === 'string' ? `must have at most ${issue.maximum} characters` : undefined
    default:
      return undefined
  }
}

const alternatives = new Intl.ListFormat('en-GB', { type: 'disjunction' })

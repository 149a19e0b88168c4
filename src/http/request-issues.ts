import type { z } from 'zod'
import type { RequestIssue } from '../contract/errors.ts'
import { toPath } from '../lib/json-flaws.ts'

type Issue = z.core.$ZodIssue

/** What zod found, in the contract's words: one entry for each field. */
export function toIssues(issues: readonly Issue[], parent: readonly PropertyKey[] = []): RequestIssue[] {
  return issues.flatMap(issue => {
    const path = [...parent, ...issue.path]
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(key => ({ path: toPath([...path, key]), message: 'unknown field' }))
    }
    if (issue.code === 'invalid_key') {
      return [{ path: toPath(path), message: issue.issues[0]?.message ?? issue.message }]
    }
    if (issue.code === 'invalid_union') return toIssuesOfUnion(issue, path)
    return [{ path: toPath(path), message: issue.message }]
  })
}

/** Tells what is wrong with the alternative that was meant, when its type shows which one that is. */
function toIssuesOfUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly PropertyKey[],
): RequestIssue[] {
  const meant = issue.errors.filter(branch => !branch.some(isOfWrongType))
  const [only] = meant
  if (only && meant.length === 1) return toIssues(only, path)
  const expected = issue.errors.flatMap(branch => branch.filter(isOfWrongType).map(expectedBy))
  const message = expected.length > 0 ? `Invalid input: expected ${expected.join(' or ')}` : issue.message
  return [{ path: toPath(path), message }]
}

type WrongType = Extract<Issue, { code: 'invalid_type' | 'invalid_value' }>

function isOfWrongType(issue: Issue): issue is WrongType {
  return (issue.code === 'invalid_type' || issue.code === 'invalid_value') && issue.path.length === 0
}

function expectedBy(issue: WrongType): string {
  if (issue.code === 'invalid_type') return issue.expected
  return issue.values.map(value => JSON.stringify(value)).join(' or ')
}

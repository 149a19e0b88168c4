import type { z } from 'zod'
import { toPath } from '../lib/json-flaws.ts'
import type { RequestIssue } from './errors.ts'

type Issue = z.core.$ZodIssue

/** More than any response lists; a body can have tens of thousands of invalid fields. */
const mostKept = 200

/** Converts zod's issues to the contract's form: one entry per field, only the first ones. */
export class IssueList {
  readonly listed: RequestIssue[] = []
  total = 0

  add(issues: readonly Issue[], parent: readonly PropertyKey[] = []): void {
    for (const issue of issues) this.#addOne(issue, parent)
  }

  #addOne(issue: Issue, parent: readonly PropertyKey[]): void {
    // No path is built for issues that are only counted.
    if (this.listed.length >= mostKept) {
      this.total += issue.code === 'unrecognized_keys' ? issue.keys.length : 1
      return
    }
    const path = [...parent, ...issue.path]
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.#push([...path, key], 'unknown field')
    } else if (issue.code === 'invalid_key') {
      this.#push(path, issue.issues[0]?.message ?? issue.message)
    } else if (issue.code === 'invalid_union') {
      this.#addUnion(issue, path)
    } else {
      this.#push(path, isMissing(issue) ? required : issue.message)
    }
  }

  /** Reports the issues of the intended alternative, if the value's type identifies it. */
  #addUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: readonly PropertyKey[]): void {
    const meant = issue.errors.filter(branch => !branch.some(isOfWrongType))
    const [only] = meant
    if (only && meant.length === 1) {
      this.add(only, path)
      return
    }
    if (issue.errors.some(branch => branch.some(flaw => flaw.path.length === 0 && isMissing(flaw)))) {
      this.#push(path, required)
      return
    }
    const expected = issue.errors.flatMap(branch => branch.filter(isOfWrongType).map(expectedBy))
    this.#push(path, expected.length > 0 ? `Invalid input: expected ${expected.join(' or ')}` : issue.message)
  }

  #push(path: readonly PropertyKey[], message: string): void {
    this.total++
    if (this.listed.length < mostKept) this.listed.push({ path: toPath(path), message })
  }
}

const required = 'is required'

/** Parses zod's text, because there is no typed field. */
function isMissing({ code, message }: Issue): boolean {
  return code === 'invalid_type' && message.endsWith('received undefined')
}

type WrongType = Extract<Issue, { code: 'invalid_type' | 'invalid_value' }>

function isOfWrongType(issue: Issue): issue is WrongType {
  return (issue.code === 'invalid_type' || issue.code === 'invalid_value') && issue.path.length === 0
}

function expectedBy(issue: WrongType): string {
  if (issue.code === 'invalid_type') return issue.expected
  return issue.values.map(value => JSON.stringify(value)).join(' or ')
}

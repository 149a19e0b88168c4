import type { z } from 'zod'
import type { RequestIssue } from '../contract/errors.ts'
import { toPath } from '../lib/json-flaws.ts'

type Issue = z.core.$ZodIssue

/** More than any answer lists; a body can have tens of thousands of wrong fields. */
const mostKept = 200

/** What zod found, in the contract's words: one entry for each field, the first ones only. */
export class IssueList {
  readonly listed: RequestIssue[] = []
  total = 0

  add(issues: readonly Issue[], parent: readonly PropertyKey[] = []): void {
    for (const issue of issues) this.#addOne(issue, parent)
  }

  #addOne(issue: Issue, parent: readonly PropertyKey[]): void {
    // A path is not made for what is counted only.
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

  /** Tells what is wrong with the alternative that was meant, when its type shows which one that is. */
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

/** zod says it in words only. */
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

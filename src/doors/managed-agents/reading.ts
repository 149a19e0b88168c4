import type { z } from 'zod'
import { findJsonFlaw, toPath } from '../../lib/json-flaws.ts'
import { shorten } from '../../lib/shorten.ts'
import { toRequirement } from '../../lib/zod-requirement.ts'
import { invalid, Refusal } from './errors.ts'

type Issue = z.core.$ZodIssue

/** The deepest body that the API takes. */
const deepest = 64
/** The longest path in an error: keys can be of any length. */
const longestPath = 200

/** The JSON body of a request; none counts as an empty object. */
export async function readBody<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
  const text = await request.text()
  let value: unknown = {}
  try {
    if (text !== '') value = JSON.parse(text)
  } catch {
    throw new Refusal(400, 'The body is not valid JSON')
  }
  const flaw = findJsonFlaw(value, deepest)
  if (flaw) throw invalid(shorten(flaw.path, longestPath), flaw.message)
  return check(schema, value)
}

/** @throws Refusal that names the first field which cannot be honoured */
function check<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value, { error: toRequirement })
  if (result.success) return result.data
  const [first] = result.error.issues
  const { path, message } = first ? describe(first) : { path: [], message: 'is not valid' }
  throw invalid(shorten(toPath(path), longestPath), message)
}

function describe(issue: Issue): { path: PropertyKey[]; message: string } {
  if (issue.code === 'unrecognized_keys') {
    return { path: [...issue.path, issue.keys[0] ?? ''], message: 'is not supported by this server' }
  }
  if (issue.code === 'invalid_union') {
    // The alternative that went furthest was meant.
    const branches = issue.errors.flatMap(([first]) => (first ? [describe(first)] : []))
    const deepest = branches.sort((one, other) => other.path.length - one.path.length)[0]
    if (deepest && deepest.path.length > 0) {
      return { path: [...issue.path, ...deepest.path], message: deepest.message }
    }
  }
  return { path: [...issue.path], message: issue.message }
}

/** The parameters of a query, by names without brackets: `name[]=a&name[]=b` and `name=a&name=b` are the same. */
export class Query {
  readonly #values = new Map<string, string[]>()

  /** @throws Refusal for parameters that would change the answer and are not known */
  constructor(request: Request, known: readonly string[]) {
    for (const [name, value] of new URL(request.url).searchParams) {
      const plain = name.replace(/\[\d*\]$/, '')
      if (plain === 'beta') continue
      if (!known.includes(plain)) throw invalid(plain, 'is not supported by this server')
      this.#values.set(plain, [...(this.#values.get(plain) ?? []), value])
    }
  }

  one(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  flag(name: string): boolean {
    const value = this.one(name)
    if (value !== undefined && value !== 'true' && value !== 'false') {
      throw invalid(name, 'must be true or false')
    }
    return value === 'true'
  }

  /** A whole number of at least 1; larger ones than `most` count as `most`. */
  number(name: string, usual: number, most: number): number {
    const value = this.one(name)
    if (value === undefined) return usual
    if (!/^[1-9]\d*$/.test(value)) throw invalid(name, 'must be a whole number of at least 1')
    return Math.min(Number(value), most)
  }

  /** Values among those that are known. */
  choices<T extends string>(name: string, known: readonly T[]): readonly T[] {
    return this.all(name).map(value => {
      const found = known.find(one => one === value)
      if (found === undefined) throw invalid(name, `must be one of ${known.join(', ')}`)
      return found
    })
  }

  /** Whether a time is within the bounds `name[gt]`, `name[gte]`, `name[lt]` and `name[lte]`. */
  within(name: string): (time: string | null) => boolean {
    const bounds = Object.entries(comparisons).flatMap(([comparison, holds]) => {
      const value = this.one(`${name}[${comparison}]`)
      if (value === undefined) return []
      const bound = Date.parse(value)
      if (Number.isNaN(bound)) throw invalid(`${name}[${comparison}]`, 'must be a time as in RFC 3339')
      return [(time: number) => holds(time, bound)]
    })
    return time => time === null || bounds.every(holds => holds(Date.parse(time)))
  }
}

const comparisons = {
  gt: (time: number, bound: number) => time > bound,
  gte: (time: number, bound: number) => time >= bound,
  lt: (time: number, bound: number) => time < bound,
  lte: (time: number, bound: number) => time <= bound,
}

/** Names of the bounds of a time. */
export function boundsOf(name: string): string[] {
  return Object.keys(comparisons).map(comparison => `${name}[${comparison}]`)
}

/** The place of a page, as the client gets it. */
export function toPageToken(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

export function readPageToken<T extends z.ZodType>(query: Query, schema: T): z.output<T> | undefined {
  const token = query.one('page')
  if (token === undefined) return undefined
  try {
    return schema.parse(JSON.parse(Buffer.from(token, 'base64url').toString()))
  } catch {
    throw invalid('page', 'must be next_page or prev_page of an earlier response')
  }
}

import { type Compiled, fill, type Query } from '../query.ts'
import { postgres } from './dialect.ts'
import { isOutdatedPlan } from './driver.ts'
import { toStorable } from './storable-text.ts'

/** Each text is prepared once on each connection, under a name of its own. */
let names = new WeakMap<Compiled, string>()
let named = 0

export function toPgQuery({ template, values }: Query<unknown>): {
  name: string
  text: string
  values: unknown[]
} {
  const compiled = template.compile(postgres)
  let name = names.get(compiled)
  if (name === undefined) {
    name = `q${++named}`
    names.set(compiled, name)
  }
  return { name, text: compiled.sql, values: fill(compiled, values).map(toStorable) }
}

/**
 * Prepares all statements anew, and tries again, when a node of a later version has changed the tables of those that are
 * prepared: PostgreSQL refuses them before they do anything.
 */
export async function withValidPlans<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!isOutdatedPlan(error)) throw error
    names = new WeakMap()
    return attempt()
  }
}

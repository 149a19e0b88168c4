import { z } from 'zod'
import type { random } from './random.ts'

/** Random choices, and the ids of things that are there. */
export interface Random extends ReturnType<typeof random> {
  ids: readonly string[]
}
type Schema = Record<string, unknown>

/** Texts that have broken servers: paths, separators, markup, numbers in disguise, halves of characters. */
const awkwardTexts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\u2028\u2029\u0085',
  '\ud800',
  'e\u0301',
  '\u202egnp.exe',
  '../../../../etc/passwd',
  '/etc/passwd',
  '/dev/zero',
  '.git/config',
  '%2e%2e%2f',
  '~/.ssh/id_rsa',
  'C:\\windows',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '<script>alert(1)</script>',
  "' or 1=1; drop table sessions --",
  '{{7*7}}',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '1e999',
  '-0',
  '0x10',
  '١٢٣',
  'true',
  'null',
  '[]',
  '*',
  '/compact',
  '@/etc/passwd',
  'x'.repeat(300),
  'x'.repeat(70_000),
  '漢'.repeat(2_000),
] as const

const awkwardValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  [],
  {},
  [[[[[[]]]]]],
  [null],
  { __proto__: null, constructor: {} },
  Array.from({ length: 300 }, (_, index) => index),
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`field${index}`, index])),
]

export function awkwardText(rng: Random): string {
  return rng.pick(awkwardTexts)
}

export function awkwardValue(rng: Random): unknown {
  return rng.chance(0.5) ? awkwardText(rng) : awkwardValues[rng.below(awkwardValues.length)]
}

const schemas = new Map<z.ZodType, Schema>()

/** The JSON Schema of what the operation takes. */
export function toSchema(type: z.ZodType): Schema {
  const known = schemas.get(type)
  if (known) return known
  const schema = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema
  schemas.set(type, schema)
  return schema
}

/** A value that mostly fits the schema: somewhere in it something may be wrong. */
export function generate(schema: Schema, rng: Random, root: Schema = schema, depth = 0): unknown {
  if (depth > 6 || rng.chance(0.04)) return awkwardValue(rng)
  if (typeof schema.$ref === 'string') return generate(resolve(schema.$ref, root), rng, root, depth + 1)
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
  if (choices?.[0]) return generate(rng.pick(choices as [Schema]), rng, root, depth + 1)
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return rng.pick(schema.enum as [unknown])
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return generateObject(schema, rng, root, depth)
    case 'array': {
      const items = (schema.items ?? {}) as Schema
      return Array.from({ length: rng.below(3) }, () => generate(items, rng, root, depth + 1))
    }
    case 'integer':
    case 'number': {
      const { minimum = 0, maximum = 1000 } = schema as { minimum?: number; maximum?: number }
      return rng.pick([minimum, maximum, minimum - 1, maximum + 1, minimum + rng.below(50)])
    }
    case 'boolean':
      return rng.chance(0.5)
    case 'string':
      if (rng.chance(0.3)) return awkwardText(rng)
      return rng.pick(['a', 'note.txt', 'hello', 'main', 'default', ...rng.ids])
    default:
      return awkwardValue(rng)
  }
}

function generateObject(schema: Schema, rng: Random, root: Schema, depth: number): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  const required = new Set((schema.required ?? []) as string[])
  const made: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) {
    if (required.has(name) ? rng.chance(0.97) : rng.chance(0.2))
      made[name] = generate(property, rng, root, depth + 1)
  }
  if (rng.chance(0.05)) made[awkwardText(rng)] = awkwardValue(rng)
  return made
}

function resolve(reference: string, root: Schema): Schema {
  const found = reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => (at as Schema | undefined)?.[name.replace(/~1/g, '/')], root)
  return (found ?? {}) as Schema
}

import { toSegment } from './json-document.ts'

type Json = Record<string, unknown>

/**
 * Copies an OpenAPI document and adds AJV's discriminators: each `oneOf` of objects with a distinguishing property
 * (`type`) names it, so that AJV validates only the right alternative. Discriminators that AJV does not support are
 * removed. The set of valid values does not change.
 */
export function withDiscriminators(document: unknown): unknown {
  const root = structuredClone(document)
  const seen = new Set<unknown>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || seen.has(node)) return
    seen.add(node)
    if (!Array.isArray(node)) discriminate(node as Json, root)
    for (const inner of Object.values(node)) visit(inner)
  }
  visit(root)
  return root
}

function discriminate(schema: Json, root: unknown): void {
  const asked = isObject(schema.discriminator) ? schema.discriminator.propertyName : undefined
  // In a list of properties, `discriminator` is the schema of a property.
  if (typeof asked === 'string') delete schema.discriminator
  if (!Array.isArray(schema.oneOf) || (schema.type !== undefined && schema.type !== 'object')) return
  const alternatives = schema.oneOf.map(alternative => resolve(alternative, root))
  if (!alternatives.every(isObject) || alternatives.length < 2) return
  const names = Object.keys((alternatives[0]?.properties as Json | undefined) ?? {})
  for (const propertyName of names) {
    const values = alternatives.flatMap(alternative => valuesOf(alternative, propertyName))
    if (values.includes(undefined) || new Set(values).size < values.length) continue
    schema.discriminator = { propertyName, values }
    schema.type = 'object'
    return
  }
}

/** Returns the allowed texts of a property; `[undefined]` if it may have other values or be absent. */
function valuesOf(alternative: Json, name: string): (string | undefined)[] {
  const { type, properties, required } = alternative
  const property = isObject(properties) && properties[name]
  if (type !== 'object' || !isObject(property)) return [undefined]
  if (!Array.isArray(required) || !required.includes(name)) return [undefined]
  const values: unknown = property.const === undefined ? property.enum : [property.const]
  if (!Array.isArray(values) || values.length === 0) return [undefined]
  return values.map(value => (typeof value === 'string' && value !== '' ? value : undefined))
}

/** Follows one reference, as AJV does. */
function resolve(alternative: unknown, root: unknown): unknown {
  if (!isObject(alternative) || alternative.$ref === undefined) return alternative
  const { $ref, description: _, ...rest } = alternative
  if (typeof $ref !== 'string' || !$ref.startsWith('#/') || Object.keys(rest).length > 0) return undefined
  return $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, segment) => (node as Json | undefined)?.[toSegment(segment)], root)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Json = Record<string, unknown>

/**
 * Counts the schemas in a JSON Schema after each reference is replaced by its target. This is the number of steps of
 * one check: definitions that refer to others twice double it with each level. A reference to a schema that contains
 * it counts once.
 */
export function unfoldedSize(root: Json): number {
  const named = new Map<string, unknown>()
  collectNames(root, named)
  const sizes = new Map<unknown, number>()
  const measure = (node: unknown): number => {
    if (typeof node !== 'object' || node === null) return 0
    const known = sizes.get(node)
    if (known !== undefined) return known
    // Marks the schema while it is measured, so that references back to it end here.
    sizes.set(node, 1)
    let size = 1
    for (const part of Object.values(node)) size += measure(part)
    const { $ref } = node as Json
    if (typeof $ref === 'string') size += measure(named.get($ref) ?? find(root, $ref))
    sizes.set(node, size)
    return size
  }
  return measure(root)
}

/** Indexes schemas by `$id`, which references can use too. */
function collectNames(node: unknown, named: Map<string, unknown>): void {
  if (typeof node !== 'object' || node === null) return
  const { $id } = node as Json
  if (typeof $id === 'string') named.set($id, node)
  for (const part of Object.values(node)) collectNames(part, named)
}

function find(root: Json, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let node: unknown = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined
    node = (node as Json)[decode(part)]
  }
  return node
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return part
  }
}

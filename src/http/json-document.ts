/** A place in a JSON document, and how to get there. */
export class JsonNode {
  readonly #document: JsonDocument
  readonly path: readonly string[]
  readonly value: unknown

  constructor(document: JsonDocument, path: readonly string[], value: unknown) {
    this.#document = document
    this.path = path
    this.value = value
  }

  /** What lies below, references followed; undefined when there is nothing. */
  find(...path: string[]): JsonNode | undefined {
    return this.#document.find([...this.path, ...path])
  }

  /** The members of a list, references followed. */
  items(): JsonNode[] {
    return Object.keys(this.value as object).map(index => this.#document.at([...this.path, index]))
  }
}

/** A JSON document that refers to parts of itself (`{ "$ref": "#/a/b" }`). */
export class JsonDocument {
  readonly root: unknown

  constructor(root: unknown) {
    this.root = root
  }

  /** @throws Error when there is nothing */
  at(path: readonly string[]): JsonNode {
    const node = this.find(path)
    if (!node) throw new Error(`nothing at #/${path.join('/')}`)
    return node
  }

  /** References on the way, and at the end, are followed. */
  find(path: readonly string[]): JsonNode | undefined {
    let node: JsonNode | undefined = new JsonNode(this, [], this.root)
    for (const segment of path) node = node && this.#step(node, segment)
    return node
  }

  #step(node: JsonNode, segment: string): JsonNode | undefined {
    if (typeof node.value !== 'object' || node.value === null || !Object.hasOwn(node.value, segment))
      return undefined
    const value = (node.value as Record<string, unknown>)[segment]
    const reference = (value as { $ref?: unknown } | null | undefined)?.$ref
    if (typeof reference !== 'string') return new JsonNode(this, [...node.path, segment], value)
    if (!reference.startsWith('#/')) throw new Error(`${reference} is outside the document`)
    const target = reference.slice(2).split('/').map(toSegment)
    // A chain of references that leads back to itself would not end.
    if (target.join('/') === [...node.path, segment].join('/'))
      throw new Error(`${reference} refers to itself`)
    return this.at(target)
  }
}

/** A part of a reference, as the document names it. */
export function toSegment(encoded: string): string {
  return decodeURIComponent(encoded).replace(/~1/g, '/').replace(/~0/g, '~')
}

/** A place in a JSON document, with its path. */
export class JsonNode {
  readonly #document: JsonDocument
  readonly path: readonly string[]
  readonly value: unknown

  constructor(document: JsonDocument, path: readonly string[], value: unknown) {
    this.#document = document
    this.path = path
    this.value = value
  }

  /** Returns the value below, with references resolved; undefined if there is none. */
  find(...path: string[]): JsonNode | undefined {
    return this.#document.find([...this.path, ...path])
  }

  /** Returns the items of a list, with references resolved. */
  items(): JsonNode[] {
    return Object.keys(this.value as object).map(index => this.#document.at([...this.path, index]))
  }
}

/** A JSON document with internal references (`{ "$ref": "#/a/b" }`). */
export class JsonDocument {
  readonly root: unknown

  constructor(root: unknown) {
    this.root = root
  }

  /** @throws Error if there is no value */
  at(path: readonly string[]): JsonNode {
    const node = this.find(path)
    if (!node) throw new Error(`nothing at #/${path.join('/')}`)
    return node
  }

  /** Resolves references on the way and at the end. */
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
    // A circular chain of references would not end.
    if (target.join('/') === [...node.path, segment].join('/'))
      throw new Error(`${reference} refers to itself`)
    return this.at(target)
  }
}

/** Decodes a part of a reference. */
export function toSegment(encoded: string): string {
  return decodeURIComponent(encoded).replace(/~1/g, '/').replace(/~0/g, '~')
}

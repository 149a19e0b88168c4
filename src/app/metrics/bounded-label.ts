/** Values of a label that come from outside: the first ones by name, all later ones as `other`. */
export class BoundedLabel {
  readonly #limit: number
  readonly #known = new Set<string>()

  constructor(limit: number) {
    this.#limit = limit
  }

  of(value: string): string {
    if (this.#known.has(value)) return value
    if (this.#known.size >= this.#limit || value.length > 200) return 'other'
    this.#known.add(value)
    return value
  }
}

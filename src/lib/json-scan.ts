/** Limits on a JSON text; see `findJsonExcess`. */
export interface JsonBounds {
  /** Levels of objects and arrays. */
  depth: number
  /** Objects, arrays, their members and keys, counted together. */
  values: number
  /** Characters in one number. */
  numberLength: number
}

export type JsonExcess = keyof JsonBounds

const quote = 0x22
const backslash = 0x5c
/** Strings longer than this without an escape are searched natively. */
const nativeFrom = 256

/** Classes of structural bytes and of characters in numbers and literals; 0 is white space and everything else. */
const kinds = new Uint8Array(256)
const word = 1
const separator = 2
const opening = 3
const closing = 4
for (const character of '+-.0123456789eEtrufalsn') kinds[character.charCodeAt(0)] = word
for (const character of ',:') kinds[character.charCodeAt(0)] = separator
for (const character of '[{') kinds[character.charCodeAt(0)] = opening
for (const character of ']}') kinds[character.charCodeAt(0)] = closing

/**
 * Returns the limit that a JSON text in UTF-8 exceeds. Works in one pass, allocates nothing and stops at the first
 * excess. Validity of the JSON is left to the parser.
 */
export function findJsonExcess(text: Buffer, bounds: JsonBounds): JsonExcess | undefined {
  return new JsonScan(bounds).add(text)
}

/** The same scan, for a text that arrives in pieces. */
export class JsonScan {
  readonly #bounds: JsonBounds
  #depth = 0
  #values = 1
  #wordLength = 0
  #inString = false
  #escaped = false

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds
  }

  add(piece: Buffer): JsonExcess | undefined {
    const { depth, values, numberLength } = this.#bounds
    for (let position = 0; position < piece.length; position++) {
      if (this.#inString) {
        position = this.#skipString(piece, position)
        continue
      }
      const byte = piece[position] as number
      const kind = kinds[byte]
      if (kind === word) {
        if (++this.#wordLength > numberLength) return 'numberLength'
        continue
      }
      this.#wordLength = 0
      if (byte === quote) this.#inString = true
      else if (kind === separator) this.#values++
      else if (kind === closing) this.#depth--
      else if (kind === opening) {
        this.#values++
        if (++this.#depth > depth) return 'depth'
      }
      if (this.#values > values) return 'values'
    }
    return undefined
  }

  /** Returns the position of the quote that ends the string, or the end of the piece. */
  #skipString(piece: Buffer, from: number): number {
    let escaped = this.#escaped
    let lastEscape = from
    for (let position = from; position < piece.length; position++) {
      const byte = piece[position]
      if (escaped) escaped = false
      else if (byte === quote) {
        this.#escaped = false
        this.#inString = false
        return position
      } else if (byte === backslash) {
        escaped = true
        lastEscape = position
      } else if (position - lastEscape > nativeFrom) {
        const next = piece.indexOf(quote, position)
        const end = next === -1 ? piece.length : next
        let escapes = end
        while (piece[escapes - 1] === backslash && escapes > position) escapes--
        escaped = (end - escapes) % 2 === 1
        lastEscape = end
        position = end - 1
      }
    }
    this.#escaped = escaped
    return piece.length
  }
}

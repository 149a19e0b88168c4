/** The value that the table itself has for a key from outside; never one of `Object.prototype`. */
export function lookUp<T>(table: Partial<Record<string, T>>, key: string | null | undefined): T | undefined {
  return key != null && Object.hasOwn(table, key) ? table[key] : undefined
}

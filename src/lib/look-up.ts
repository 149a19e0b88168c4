/** Returns the table's own value for an untrusted key, never a property of `Object.prototype`. */
export function lookUp<T>(table: Partial<Record<string, T>>, key: string | null | undefined): T | undefined {
  return key != null && Object.hasOwn(table, key) ? table[key] : undefined
}

import { invalid } from './errors.ts'

/** The name under which `_meta` has what is ours, and the prefix of our methods. */
export const extension = 'claude-code-api'

type Meta = Record<string, unknown> | null | undefined

/**
 * Our part of a message's `_meta`.
 *
 * @throws RequestError when it is not an object
 */
export function readMeta(meta: Meta): Record<string, unknown> {
  const own = meta?.[extension] ?? {}
  if (typeof own !== 'object' || Array.isArray(own)) throw invalid(`_meta.${extension}`, 'must be an object')
  return own as Record<string, unknown>
}

export function toMeta(fields: Record<string, unknown>): { _meta: Record<string, unknown> } {
  return { _meta: { [extension]: fields } }
}

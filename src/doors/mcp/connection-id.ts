import type { ElicitationModes } from './surroundings.ts'

/**
 * The `Mcp-Session-Id` of clients until 2025-11-25. It says which elicitations the client can show, so that no node has
 * to remember it, and has a random part, because clients count their requests from 0. It gives no right.
 */
export function createConnectionId({ form, url }: ElicitationModes): string {
  return `${crypto.randomUUID()}-${form ? 'f' : ''}${url ? 'u' : ''}`
}

/** Undefined: it is not an id of this door. */
export function readConnectionId(id: string): ElicitationModes | undefined {
  const [, modes] = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(f?u?)$/.exec(id) ?? []
  return modes === undefined ? undefined : { form: modes.includes('f'), url: modes.includes('u') }
}

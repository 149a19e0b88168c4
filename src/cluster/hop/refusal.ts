/** The header of an answer that says why a forwarded request was not begun. */
export const refusalHeader = 'x-claude-code-api-refused'

/**
 * Why: it was not signed for this node, is too old, came before, or comes from a node that does not live; the session is
 * another node's (`elsewhere`), or this node gives its sessions back (`draining`).
 */
export type Refusal =
  | 'unsigned'
  | 'too_old'
  | 'repeated'
  | 'unknown_node'
  | 'elsewhere'
  | 'draining'
  | 'failed'

/** A part of the text that is being completed: a command at its beginning, or a file anywhere. */
export interface Token {
  kind: 'command' | 'file'
  /** The text after `/` or `@`, up to the caret. */
  query: string
  /** Where the token begins, with its sign. */
  start: number
}

/** @returns the token before the caret; null: there is nothing to complete */
export function findToken(text: string, caret: number): Token | null {
  const before = text.slice(0, caret)
  const [, command] = /^\/([\w:.-]*)$/.exec(before) ?? []
  if (command !== undefined) return { kind: 'command', query: command, start: 0 }
  const [, file] = /(?:^|\s)@([^\s@"]*)$/.exec(before) ?? []
  if (file === undefined) return null
  return { kind: 'file', query: file, start: caret - file.length - 1 }
}

/** Puts a choice in the place of a token. */
export function complete(
  text: string,
  caret: number,
  { start }: Token,
  insert: string,
): { text: string; caret: number } {
  const before = text.slice(0, start) + insert
  return { text: before + text.slice(caret), caret: before.length }
}

/** Splits the path that is typed into its directory and the beginning of a name. */
export function splitPath(query: string): { directory: string; name: string } {
  const slash = query.lastIndexOf('/')
  return { directory: slash === -1 ? '' : query.slice(0, slash) || '/', name: query.slice(slash + 1) }
}

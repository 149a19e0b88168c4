/** A part of the text that is being completed: a command at its beginning, or a file anywhere. */
export interface Token {
  kind: 'command' | 'file'
  /** The text after `/` or `@`, up to the caret, without quotes. */
  query: string
  /** Where the token begins, with its sign. */
  start: number
  /** The quote that was opened after `@`. */
  quote: string
}

/** @returns the token before the caret; null: there is nothing to complete */
export function findToken(text: string, caret: number): Token | null {
  const before = text.slice(0, caret)
  const [, command] = /^\/([\w:.-]*)$/.exec(before) ?? []
  if (command !== undefined) return { kind: 'command', query: command, start: 0, quote: '' }
  const [match, quote = '', query = ''] =
    /(?<=^|\s)@(?:(")([^"\n]*)|(')([^'\n]*)|()([^\s@"']?[^\s@"]*))$/
      .exec(before)
      ?.filter(part => part !== undefined) ?? []
  if (match === undefined) return null
  return { kind: 'file', query, start: caret - match.length, quote }
}

/** A text in the place of a token. The caret stands before what comes after it, such as a closing quote. */
export interface Insert {
  text: string
  after: string
}

/** Puts a choice in the place of a token, and of the quote that closes it. */
export function complete(
  text: string,
  caret: number,
  { start, quote }: Token,
  insert: Insert,
): { text: string; caret: number } {
  const rest = text.slice(caret)
  const before = text.slice(0, start) + insert.text
  const left = quote !== '' && rest.startsWith(quote) ? rest.slice(1) : rest
  return { text: before + insert.after + left, caret: before.length }
}

/** Letters, digits and the few other signs that the server takes for the end of a path without quotes. */
const isPlain = /^[^\s"'。、？！][^\s]*(?<=[\p{L}\p{N}_~/])$/u

/** Writes a path as a mention that the server reads as this path. A directory can be continued. */
export function toMention(path: string, isDirectory: boolean): Insert {
  // Names that begin like this are taken for agents.
  const name = path.startsWith('agent-') ? `./${path}` : path
  const written = isDirectory ? `${name}/` : name
  if (isPlain.test(written)) return { text: `@${written}${isDirectory ? '' : ' '}`, after: '' }
  const quote = written.includes('"') ? "'" : '"'
  const opened = `@${quote}${written}`
  return isDirectory ? { text: opened, after: quote } : { text: `${opened}${quote} `, after: '' }
}

/** Splits the path that is typed into its directory and the beginning of a name. */
export function splitPath(query: string): { directory: string; name: string } {
  const slash = query.lastIndexOf('/')
  return { directory: slash === -1 ? '' : query.slice(0, slash) || '/', name: query.slice(slash + 1) }
}

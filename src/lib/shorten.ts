/** Returns the text, or its beginning with an ellipsis. */
export function shorten(text: string, longest: number): string {
  // Half a surrogate pair at the end would not be valid JSON.
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`
}

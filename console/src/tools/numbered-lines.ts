/**
 * Takes the line numbers off what the tool Read answers: `     1→text`, or a tab in place of the arrow.
 *
 * @returns null: it does not have that form from its first line to its last; notes after it are left out of account
 */
export function readNumberedLines(text: string): { start: number; code: string } | null {
  const lines = text.split('\n')
  const code: string[] = []
  let start: number | undefined
  for (const line of lines) {
    const [, number, rest] = /^\s{0,8}(\d{1,9})[→\t](.*)$/s.exec(line) ?? []
    if (number === undefined || rest === undefined) break
    start ??= Number(number)
    if (Number(number) !== start + code.length) break
    code.push(rest)
  }
  const left = lines.slice(code.length).join('\n').trim()
  if (start === undefined) return null
  return { start, code: left === '' ? code.join('\n') : `${code.join('\n')}\n\n${left}` }
}

import { useMemo } from 'react'
import type { Token } from '../code/highlight.ts'
import { languageOfPath } from '../code/languages.ts'
import { useHighlighted } from '../code/use-highlighted.ts'
import type { DiffLine, Hunk } from './patch.ts'

export type Tokens = ReadonlyMap<DiffLine, readonly Token[]>

/** The colours of code in a diff: the old and the new text are read by themselves, as far as the hunks have them. */
export function useDiffTokens(hunks: readonly Hunk[], path: string): Tokens {
  const language = languageOfPath(path)
  const [before, after] = useMemo(() => {
    const lines = hunks.flatMap(hunk => hunk.lines)
    return [lines.filter(({ kind }) => kind !== 'added'), lines.filter(({ kind }) => kind !== 'removed')]
  }, [hunks])
  const oldTokens = useHighlighted(useText(before), language)
  const newTokens = useHighlighted(useText(after), language)
  return useMemo(
    () => new Map([...pair(before, oldTokens), ...pair(after, newTokens)]),
    [before, after, oldTokens, newTokens],
  )
}

function useText(lines: readonly DiffLine[]): string {
  return useMemo(() => lines.map(({ text }) => text).join('\n'), [lines])
}

function pair(
  lines: readonly DiffLine[],
  tokens: readonly (readonly Token[])[] | null,
): [DiffLine, readonly Token[]][] {
  if (!tokens) return []
  return lines.flatMap((line, index): [DiffLine, readonly Token[]][] => {
    const found = tokens[index]
    // A highlighter leaves out carriage returns, which are to be seen.
    const length = found?.reduce((sum, [text]) => sum + text.length, 0)
    return found && length === line.text.length ? [[line, found]] : []
  })
}

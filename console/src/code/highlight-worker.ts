import { createHighlighterCore, type HighlighterCore } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import { grammars } from './grammars.ts'
import type { HighlightAnswer, HighlightRequest, Token } from './highlight.ts'

const themes = { light: 'github-light-high-contrast', dark: 'github-dark-default' }

/** Lines that are longer stay plain, in characters. */
const longestLine = 2_000

let highlighter: Promise<HighlighterCore> | undefined

async function tokenize({ code, language }: HighlightRequest): Promise<Token[][]> {
  highlighter ??= createHighlighterCore({
    engine: createJavaScriptRegexEngine({ forgiving: true }),
    themes: [
      import('@shikijs/themes/github-light-high-contrast'),
      import('@shikijs/themes/github-dark-default'),
    ],
  })
  const ready = await highlighter
  const load = grammars[language]
  if (load && !ready.getLoadedLanguages().includes(language)) await ready.loadLanguage(load)
  const { tokens } = ready.codeToTokens(code, {
    lang: language,
    themes,
    defaultColor: 'light-dark()',
    tokenizeMaxLineLength: longestLine,
    // A line that the first grammar meets on a busy machine; the worker's own bound is longer.
    tokenizeTimeLimit: 3_000,
  })
  return tokens.map(line => line.map(({ content, htmlStyle }) => [content, htmlStyle?.color ?? '']))
}

self.onmessage = async ({ data }: MessageEvent<HighlightRequest>) => {
  const answer: HighlightAnswer = { id: data.id, lines: null }
  try {
    answer.lines = await tokenize(data)
  } finally {
    // Code that cannot be highlighted is shown without.
    self.postMessage(answer)
  }
}

import { cx } from '../lib/class-names.ts'
import { revealText } from '../lib/revealed-text.ts'
import { foldReturns, readAnsi } from './ansi.ts'

const colors: Record<string, string> = {
  black: 'text-muted',
  red: 'text-bad',
  green: 'text-good',
  yellow: 'text-warn',
  blue: 'text-accent-strong',
  magenta: 'text-accent-strong',
  cyan: 'text-accent-strong',
  white: '',
}

/** Terminal output with its colours. */
export function AnsiText({ children }: { children: string }) {
  return readAnsi(foldReturns(children)).map(({ text, color, bold, underline }, index) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: A piece is what stands at its place.
      key={index}
      className={cx(color !== null && colors[color], bold && 'font-semibold', underline && 'underline')}
    >
      {revealText(text)}
    </span>
  ))
}

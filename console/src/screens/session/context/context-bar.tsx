import type { GetContextResponse } from '../../../../../src/client/index.ts'
import { cx } from '../../../lib/class-names.ts'
import { countOf } from '../../../lib/format.ts'

type Category = GetContextResponse['categories'][number]

const colors = ['bg-accent', 'bg-good', 'bg-warn', 'bg-plot-a', 'bg-plot-b', 'bg-bad']

function colorOf({ kind }: Category, index: number) {
  if (kind === 'free') return 'border border-line-strong bg-sunken'
  return kind === 'buffer' ? 'bg-line-strong' : colors[index % colors.length]
}

/** The parts of the window as a bar, and the same as a list. */
export function ContextBar({ context: { categories, maxTokens } }: { context: GetContextResponse }) {
  const parts = categories
    .filter(({ tokens }) => tokens > 0)
    .map((category, index) => ({
      ...category,
      color: colorOf(category, index),
      share: (100 * category.tokens) / Math.max(1, maxTokens),
    }))
  return (
    <>
      <div aria-hidden className="flex h-4 gap-px overflow-hidden rounded bg-sunken">
        {parts
          .filter(({ kind }) => kind !== 'free')
          .map(({ name, color, share }) => (
            <div key={name} className={cx('min-w-px', color)} style={{ width: `${share}%` }} />
          ))}
      </div>
      <ul className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
        {parts.map(({ name, color, tokens, share }) => (
          <li key={name} className="flex items-center gap-2">
            <span aria-hidden className={cx('size-2.5 shrink-0 rounded-sm', color)} />
            <bdi className="min-w-0 flex-1 truncate">{name}</bdi>
            <span className="text-muted tabular-nums">
              {countOf(tokens, 'token')} · {share.toFixed(1)} %
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

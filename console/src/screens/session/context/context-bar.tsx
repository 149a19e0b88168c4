import type { GetContextResponse } from '../../../../../src/client/index.ts'
import { cx } from '../../../lib/class-names.ts'
import { formatCount } from '../../../lib/format.ts'

const colors = ['bg-accent', 'bg-good', 'bg-warn', 'bg-bad', 'bg-muted', 'bg-accent-strong', 'bg-line-strong']

/** The parts of the window as a bar, and the same as a list. */
export function ContextBar({ context: { categories, maxTokens } }: { context: GetContextResponse }) {
  const parts = categories
    .filter(({ tokens }) => tokens > 0)
    .map((category, index) => ({
      ...category,
      color: category.kind === 'free' ? 'bg-sunken border border-line-strong' : colors[index % colors.length],
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
              {formatCount(tokens)} · {share.toFixed(1)} %
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

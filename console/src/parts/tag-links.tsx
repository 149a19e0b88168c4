import { Link } from 'wouter'
import { cx } from '../lib/class-names.ts'
import { revealText } from '../lib/revealed-text.ts'
import { Badge } from '../ui/small-parts.tsx'

/** How many tags a row has room for. */
const most = 3

/** Tags that lead to the sessions which have them. Where they would take the room of others, phones leave them out. */
export function TagLinks({ tags, onPhones = false }: { tags: readonly string[]; onPhones?: boolean }) {
  const more = tags.length - most
  return (
    <span className={cx('shrink-0 items-center gap-1 sm:flex', onPhones ? 'flex' : 'hidden')}>
      {tags.slice(0, most).map(tag => (
        <Link
          key={tag}
          href={`/sessions?tag=${encodeURIComponent(tag)}`}
          aria-label={`Sessions tagged ${revealText(tag)}`}
          className="target relative inline-flex max-w-32 items-center"
        >
          <Badge>
            <bdi className="truncate">{revealText(tag)}</bdi>
          </Badge>
        </Link>
      ))}
      {more > 0 && (
        <span className="text-xs text-muted" title={tags.map(revealText).join(', ')}>
          +{more}
        </span>
      )}
    </span>
  )
}
